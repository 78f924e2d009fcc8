// Bars and settings that nothing can be made of, and odd ones that something can be made of.
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "base/error.h"
#include "prepared.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBars = 2600;

// What preparing refuses: one paragraph, and nothing of a data set, nor a temporary, is left.
std::string refusal(const BarsWorkspace& workspace, const Settings& settings) {
  const std::string said = refusal_of([&] { prepare_in(workspace, small_settings(settings), {}); });
  BOOST_TEST(said.find('\n') == std::string::npos, said);
  BOOST_TEST(!workspace.has("data/feature_table"));
  BOOST_TEST(!workspace.has("data/splits"));
  BOOST_TEST(!workspace.has("data/scalers"));
  for (const std::string& file : workspace.others()) BOOST_TEST(!file.ends_with(".tmp"), file);
  return said;
}

// Bars of five minutes at these stamps.
market::Bars bars_at(const std::vector<std::int64_t>& time) {
  market::Bars bars = walking_bars(4, time.size(), true);
  bars.time = time;
  return bars;
}

constexpr std::int64_t kHour = 60 * kMinuteNs;
constexpr std::int64_t kDay = 24 * kHour;

const Settings kOwn{"barriers.optimise=false", "labels.up=[2, 3]", "labels.down=[2, 3]", "labels.max_bars=[15, 50]"};

Settings with(Settings settings, const Settings& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_bad_bars)

BOOST_AUTO_TEST_CASE(files_without_bars_or_with_one_make_no_data_set) {
  const BarsWorkspace workspace;
  for (const char* rows : {"", "2019-01-01 00:00,100,101,99,100,5\n"}) {
    write_file(workspace.path("bars.csv"), std::string("time,open,high,low,close,volume\n") + rows);
    const ProcessResult result = workspace.run("data", {"import", "bars", workspace.path("bars.csv"), "--symbol", "E"});
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(holds(result.errors, "bar"));
  }
  BOOST_TEST(!workspace.has("data/bars/E"));
  BOOST_TEST(holds(refusal(workspace, {"data.bars=E/v1"}), "bars/E/v1"));
}

BOOST_AUTO_TEST_CASE(a_span_of_time_without_bars_or_with_one_is_refused) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  const std::string said = refusal(workspace, {"data.from=\"2030-01-01\""});
  BOOST_TEST(holds(said, "2030-01-01"));
  BOOST_TEST(holds(said, "2019-01-01"));  // where they are
  // One bar is no row, as no column knows a bar before it.
  BOOST_TEST(holds(refusal(workspace, {"data.to=\"2019-01-01 00:05\""}), "1 bar"));
}

BOOST_AUTO_TEST_CASE(prices_that_never_move_are_refused) {
  const BarsWorkspace workspace(flat_bars(kBars, 100, 50));
  for (const Settings& settings : {Settings{}, kOwn}) {
    const std::string said = refusal(workspace, settings);
    BOOST_TEST(holds(said, "SYM"));
    BOOST_TEST(holds(said, "barrier"));
  }
}

BOOST_AUTO_TEST_CASE(bars_without_volume_are_prepared_and_their_columns_of_volume_have_stated_values) {
  market::Bars bars = walking_bars(1, kBars, true);
  std::fill(bars.volume.begin(), bars.volume.end(), 0.0);
  const BarsWorkspace workspace(bars);
  const auto result = prepare_in(workspace, small_settings({"features.columns=[\"core_full\"]"}));
  BOOST_TEST(result.datasets.size() == 1U);
  const Json features = stage_json(result, "features", "SYM");
  BOOST_TEST(features["undefined"]["volume_ratio"]["bars"].get<std::size_t>() > 2000U);
  for (const double x : stage_file_of(result, "features", "SYM").read<double>("X")) {
    if (std::isnan(x)) continue;  // of the warm-up
    BOOST_REQUIRE(std::isfinite(x));
  }
  const auto file = data::hdf5::File::open(workspace.path("data/" + result.datasets[0] + ".h5"));
  for (const double x : file.read<double>("X")) BOOST_REQUIRE(std::isfinite(x));
}

BOOST_AUTO_TEST_CASE(volume_bars_of_bars_without_volume_are_refused) {
  market::Bars bars = walking_bars(1, kBars, true);
  std::fill(bars.volume.begin(), bars.volume.end(), 0.0);
  const BarsWorkspace workspace(bars);
  BOOST_TEST(holds(refusal(workspace, {"clean.sampling=\"volume\"", "clean.threshold=100"}), "SYM"));
}

BOOST_AUTO_TEST_CASE(a_gap_of_days_stays_a_gap_and_ends_a_segment) {
  market::Bars bars = walking_bars(1, kBars, true);
  for (std::size_t i = 1000; i < kBars; ++i) bars.time[i] += 5 * kDay;
  const BarsWorkspace workspace(bars);
  const auto result = prepare_in(workspace, small_settings());
  const Json clean = stage_json(result, "clean", "SYM");
  BOOST_TEST(clean["bars"] == kBars);
  BOOST_TEST(clean["gaps"]["left"] == 1);
  BOOST_TEST(clean["gaps"]["left_bars"] == 5 * 288);
  const auto file = data::hdf5::File::open(workspace.path("data/" + result.datasets[0] + ".h5"));
  const auto time = file.read<std::int64_t>("time");
  const auto segment = file.read<std::int32_t>("segment");
  for (std::size_t row = 0; row < time.size(); ++row)
    BOOST_REQUIRE(segment[row] == (time[row] < bars.time[1000] ? 0 : 1));
}

BOOST_AUTO_TEST_CASE(rows_that_step_back_in_time_are_put_in_order_on_import_or_refused) {
  market::Bars bars = walking_bars(1, kBars, true);
  std::swap(bars.time[1200], bars.time[1201]);
  const BarsWorkspace workspace(bars);
  const auto result = prepare_in(workspace, small_settings(), {.to = "clean"});
  const auto time = stage_file_of(result, "clean", "SYM").read<std::int64_t>("time");
  BOOST_TEST(std::is_sorted(time.begin(), time.end()));
  BOOST_TEST(time.size() == kBars);
}

// The exchange's clock jumps on 2019-03-10. Before it Chicago is at UTC-6 and New York at UTC-5, then an hour nearer.
BOOST_AUTO_TEST_CASE(nights_in_which_the_clocks_change_leave_no_gaps_and_fill_none) {
  const std::int64_t sunday = kFirstStamp + 61 * kDay;  // 2019-03-03 00:00 UTC
  struct Week {
    const char* calendar;
    std::int64_t open;  // after Sunday's midnight UTC, in winter
  };
  for (const Week& week : {Week{"cme", 23 * kHour}, Week{"fx", 22 * kHour}}) {
    BOOST_TEST_CONTEXT(week.calendar) {
      std::vector<std::int64_t> time;
      for (int w = 0; w < 3; ++w) {
        const std::int64_t open = sunday + 7 * w * kDay + week.open - (w > 0 ? kHour : 0);
        const bool breaks = std::string(week.calendar) == "cme";  // an hour every afternoon
        for (std::int64_t at = 0; at < 5 * kDay; at += 5 * kMinuteNs) {
          if (!breaks || at % kDay < 23 * kHour) time.push_back(open + at);
        }
      }
      const BarsWorkspace workspace(bars_at(time));
      const auto result =
          prepare_in(workspace, small_settings({fmt::format("clean.calendar=\"{}\"", week.calendar)}), {.to = "clean"});
      const Json clean = stage_json(result, "clean", "SYM");
      BOOST_TEST(clean["bars"] == time.size());
      BOOST_TEST(clean["gaps"]["filled"] == 0);
      BOOST_TEST(clean["gaps"]["left"] == 0);
      BOOST_TEST(clean["gaps"]["bars_outside_sessions"] == 0);
      // A bar that is missing right after the change is filled.
      const std::size_t at = time.size() / 3 + 1;
      time.erase(time.begin() + static_cast<std::ptrdiff_t>(at));
      const BarsWorkspace holed(bars_at(time));
      const auto filled =
          prepare_in(holed, small_settings({fmt::format("clean.calendar=\"{}\"", week.calendar)}), {.to = "clean"});
      BOOST_TEST(stage_json(filled, "clean", "SYM")["gaps"]["filled_bars"] == 1);
      BOOST_TEST(stage_json(filled, "clean", "SYM")["bars"] == time.size() + 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_horizon_that_is_longer_than_the_data_is_refused) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  const std::string said = refusal(workspace, {"labels.horizons=[5, 2000]", "splits.purge=\"6000bars\""});
  BOOST_TEST(holds(said, "train"));
  const std::string own = refusal(workspace, with(kOwn, {"labels.max_bars=[15, 3000]", "splits.purge=\"3000bars\"",
                                                         "splits.train=0.9", "splits.val=0.05"}));
  BOOST_TEST(holds(own, "train"));
}

BOOST_AUTO_TEST_CASE(a_part_that_the_separations_leave_empty_is_refused) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  // 15 % of 2,585 rows are 387.
  const std::string val = refusal(workspace, {"splits.embargo=\"330bars\""});
  BOOST_TEST(holds(val, "no row is left for val"));
  BOOST_TEST(holds(refusal(workspace, {"splits.val=0.25", "splits.train=0.7", "splits.embargo=\"1d\""}),
                   "no row is left for test"));
  BOOST_TEST(holds(refusal(workspace, with(kOwn, {"splits.purge=\"2000bars\""})), "train"));
  BOOST_TEST(holds(refusal(workspace, {"splits.purge=\"900bars\""}), "1000"));  // too few to search in
}

BOOST_AUTO_TEST_CASE(a_class_that_the_train_part_lacks_is_refused) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  // A lower barrier at no distance that prices fall, with time for none to reach it: no row is down.
  const std::string said = refusal(workspace, with(kOwn, {"labels.down=[40, 3]", "labels.max_bars=[5, 50]"}));
  BOOST_TEST(holds(said, "label_5 = -1"));
  BOOST_TEST(holds(said, "SYM-5m"));
}

BOOST_AUTO_TEST_CASE(bars_that_cannot_be_put_together_into_the_timeframe_are_refused) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  for (const char* timeframe : {"7m", "1m"}) {
    const std::string said = refusal(workspace, {fmt::format("clean.timeframe=\"{}\"", timeframe)});
    BOOST_TEST(holds(said, "clean.timeframe"));
    BOOST_TEST(holds(said, "5m"));
  }
}

BOOST_AUTO_TEST_CASE(a_workspace_that_cannot_be_written_to_is_refused) {
  for (const char* taken : {"artifacts", "data/feature_table", "data/splits", "data/scalers"}) {
    const BarsWorkspace workspace(walking_bars(1, kBars, true));
    write_file(workspace.path(taken), "a file where a folder should be");
    const std::string said = refusal_of([&] { prepare_in(workspace, small_settings()); });
    BOOST_TEST(holds(said, taken));
    BOOST_TEST(said.find('\n') == std::string::npos, said);
    for (const std::string& file : workspace.others()) BOOST_TEST(!file.ends_with(".tmp"), file);
  }
}

// A file that may not grow stands for a disk without room: both end a write, and the same code cleans up.
BOOST_AUTO_TEST_CASE(a_full_disk_is_worth_another_try_and_leaves_nothing_half_written) {
  const BarsWorkspace workspace(walking_bars(1, kBars, true));
  const auto whole = prepare_in(workspace, small_settings());
  const std::string table = read_file(workspace.path("data/" + whole.datasets[0] + ".h5"));
  for (const std::size_t kilobytes : {8, 60, 100}) {
    const BarsWorkspace full(walking_bars(1, kBars, true));
    struct rlimit old;
    ::getrlimit(RLIMIT_FSIZE, &old);
    const struct rlimit small {
      kilobytes << 10, old.rlim_max
    };
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    int code = 0;
    try {
      prepare_in(full, small_settings());
    } catch (const Error& error) {
      code = static_cast<int>(error.exit_code());
    } catch (const std::exception&) {
      code = -1;
    }
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    BOOST_TEST(code == 1, kilobytes << " KiB: " << code);
    for (const std::string& file : full.others()) BOOST_TEST(!file.ends_with(".tmp"), file);
    BOOST_TEST(!full.has("data/feature_table/SYM-5m/v1.h5"));
    // With room, the same command goes on and ends as if nothing had been.
    BOOST_TEST(read_file(full.path("data/" + prepare_in(full, small_settings()).datasets[0] + ".h5")) == table);
  }
}

// floor(0.7 n) - 60, then floor(0.85 n) less 60 and the embargo, then the rest less the embargo: n = 35,388.
BOOST_AUTO_TEST_CASE(the_parts_are_as_long_as_those_of_the_python_factory) {
  // One row goes for the column's own warm-up, and one because a row knows the bars before it.
  const BarsWorkspace workspace(walking_bars(1, 35'388 + 2, true));
  const auto result = prepare_in(
      workspace,
      {"data.bars=SYM/v1", "features.columns=[\"return_1\"]", "barriers.optimise=false", "labels.horizons=[5, 20]"},
      {.to = "splits"});
  const Json splits = stage_json(result, "splits", "SYM-5m");
  BOOST_TEST(splits["rows"] == 35'388);
  BOOST_TEST(splits["parts"]["train"]["rows"] == 24'711);
  BOOST_TEST(splits["parts"]["val"]["rows"] == 3'808);
  BOOST_TEST(splits["parts"]["test"]["rows"] == 3'869);
}

BOOST_AUTO_TEST_SUITE_END()
