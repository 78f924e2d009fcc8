#include "data/windows.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "data/bars_file.h"
#include "data/cut_windows.h"
#include "data/temporary_folder.h"
#include "data/window_runs.h"

using namespace moola;
using namespace moola::data;
using market::Normalisation;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

market::Bars random_bars(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> move(0.0, 0.002);
  market::Bars bars;
  bars.resize(n);
  std::int64_t now = 1'500'000'000 * std::int64_t{1'000'000'000};
  double price = 100.0 * static_cast<double>(seed + 1);
  for (std::size_t i = 0; i < n; ++i) {
    now += kMinute * static_cast<std::int64_t>(random() % 50 == 0 ? 2 + random() % 20 : 1);
    bars.time[i] = now;
    bars.open[i] = price;
    bars.close[i] = price *= std::exp(move(random));
    bars.high[i] = std::max(bars.open[i], bars.close[i]) * (1 + std::fabs(move(random)));
    bars.low[i] = std::min(bars.open[i], bars.close[i]) * (1 - std::fabs(move(random)));
    bars.volume[i] = static_cast<double>(random() % 1000);
    bars.flags[i] = random() % 400 == 0 ? market::kRoll : 0;
  }
  return bars;
}

DatasetId store(const std::filesystem::path& workspace, const std::string& symbol, const market::Bars& bars) {
  DatasetWriter writer(workspace, {"bars", symbol});
  write_bars(writer, bars, {symbol, 60, "UTC"});
  writer.finish();
  return writer.id();
}

// A workspace with two symbols and a view of both.
struct Workspace {
  explicit Workspace(
      WindowShape shape_ = {.length = 32, .stride = 1, .max_gap = 10 * kMinute, .break_flags = market::kRoll})
      : shape(shape_) {
    for (std::size_t s = 0; s < 2; ++s) {
      bars.push_back(random_bars(3000 + 500 * s, s));
      ids.push_back(store(folder.path(), s == 0 ? "AAA" : "BBB", bars.back()));
    }
    cut = cut_windows(folder.path(), ids, shape);
    for (std::int32_t s = 0; s < 2; ++s) {
      const market::Bars& series = bars[static_cast<std::size_t>(s)];
      for (const WindowRun& run : find_runs(series.time, series.flags, shape, s)) {
        for (std::int64_t w = 0; w < run.windows; ++w) places.push_back({s, run.begin + w * shape.stride});
      }
    }
  }
  Windows open(WindowOptions options = {}) const { return open_windows(folder.path(), cut.id, options); }

  // Window by window, from the bars and market::WindowTransform.
  std::vector<float> expected(std::int64_t window, Normalisation normalise,
                              const std::vector<std::string>& channels) const {
    const auto [s, begin] = places[static_cast<std::size_t>(window)];
    const market::Bars& series = bars[static_cast<std::size_t>(s)];
    const market::WindowTransform transform(normalise, channels);
    std::vector<double> values;
    for (std::int64_t t = begin; t < begin + shape.length; ++t) {
      for (const std::string& channel : channels) {
        const std::vector<double>& column = channel == "open"    ? series.open
                                            : channel == "high"  ? series.high
                                            : channel == "low"   ? series.low
                                            : channel == "close" ? series.close
                                                                 : series.volume;
        values.push_back(column[static_cast<std::size_t>(t)]);
      }
    }
    std::vector<float> out(static_cast<std::size_t>(shape.length) * transform.channels_out());
    transform(values, out);
    return out;
  }

  test::TemporaryFolder folder;
  WindowShape shape;
  std::vector<market::Bars> bars;
  std::vector<DatasetId> ids;
  CutResult cut;
  std::vector<WindowRuns::Place> places;
};

const std::vector<std::string> kOhlc{"open", "high", "low", "close"};

std::vector<std::int64_t> some_windows(std::int64_t n, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> index{0, n - 1};
  while (index.size() < count) index.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)));
  return index;
}

std::vector<float> gathered(const Windows& windows, const std::vector<std::int64_t>& index) {
  std::vector<float> out(index.size() * static_cast<std::size_t>(windows.length() * windows.channels()));
  windows.gather(index, out);
  return out;
}

// The largest difference between gathered windows and the definition.
double worst_difference(const Workspace& workspace, const Windows& windows, Normalisation normalise,
                        const std::vector<std::string>& channels) {
  const std::vector<std::int64_t> index = some_windows(windows.size(), 300, 4);
  const std::vector<float> out = gathered(windows, index);
  const std::size_t values = out.size() / index.size();
  double worst = 0.0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::vector<float> expected = workspace.expected(index[i], normalise, channels);
    for (std::size_t k = 0; k < values; ++k)
      worst = std::max(worst, static_cast<double>(std::fabs(out[i * values + k] - expected[k])));
  }
  return worst;
}

auto says(const std::string& text) {
  return [text](const Error& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("the message was: " << error.what());
    return found;
  };
}

void overwrite_byte(const std::filesystem::path& file, std::int64_t from_end) {
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(-from_end, std::ios::end);
  const char byte = static_cast<char>(stream.get() ^ 0x5a);
  stream.seekp(-from_end, std::ios::end);
  stream.put(byte);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(windows)

BOOST_AUTO_TEST_CASE(a_view_numbers_the_windows_of_all_its_symbols) {
  const Workspace workspace;
  const Windows windows = workspace.open();
  BOOST_TEST(windows.size() == static_cast<std::int64_t>(workspace.places.size()));
  BOOST_TEST(windows.size() == workspace.cut.windows);
  BOOST_TEST(windows.length() == 32);
  BOOST_TEST(windows.channel_names() == kOhlc, boost::test_tools::per_element());
  BOOST_TEST(to_string(windows.id()) == "unlabeled_windows/AAA+BBB/v1");
  BOOST_TEST(windows.parents().size() == 2U);
  for (const std::int64_t w : some_windows(windows.size(), 50, 1)) {
    const auto [s, begin] = workspace.places[static_cast<std::size_t>(w)];
    const auto& time = workspace.bars[static_cast<std::size_t>(s)].time;
    BOOST_TEST(windows.symbol(w) == (s == 0 ? "AAA" : "BBB"));
    BOOST_TEST(windows.time(w).begin == time[static_cast<std::size_t>(begin)]);
    BOOST_TEST(windows.time(w).end == time[static_cast<std::size_t>(begin + 31)] + kMinute);
  }
}

BOOST_AUTO_TEST_CASE(log_returns_are_right_to_a_ten_millionth) {
  const Workspace workspace;
  BOOST_TEST(worst_difference(workspace, workspace.open(), Normalisation::window_log_return, kOhlc) <= 1e-7);
}

BOOST_AUTO_TEST_CASE(the_other_normalisations_give_the_bits_of_their_definition) {
  const Workspace workspace;
  for (const Normalisation normalise : {Normalisation::none, Normalisation::zscore, Normalisation::relative}) {
    const Windows windows = workspace.open({.normalize = normalise});
    BOOST_TEST_CONTEXT(market::to_string(normalise))
    BOOST_TEST(worst_difference(workspace, windows, normalise, kOhlc) == 0.0);
    BOOST_TEST(windows.channels() == (normalise == Normalisation::relative ? 11 : 4));
  }
}

BOOST_AUTO_TEST_CASE(windows_shorter_than_the_trailing_bars_are_relative_too) {
  const Workspace workspace({.length = 5, .stride = 3, .max_gap = kMinute});
  BOOST_TEST(worst_difference(workspace, workspace.open({.normalize = Normalisation::relative}),
                              Normalisation::relative, kOhlc) == 0.0);
}

BOOST_AUTO_TEST_CASE(chosen_channels_come_in_the_order_they_were_named) {
  const Workspace workspace;
  const std::vector<std::string> two{"close", "high"}, five{"open", "high", "low", "close", "volume"};
  BOOST_TEST(worst_difference(workspace, workspace.open({.channels = "close, high"}), Normalisation::window_log_return,
                              two) <= 1e-7);
  BOOST_TEST(worst_difference(workspace, workspace.open({.normalize = Normalisation::zscore, .channels = "ohlcv"}),
                              Normalisation::zscore, five) == 0.0);
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "clsoe"}), ConfigError, says("Did you mean 'close'?"));
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "close,close"}), ConfigError, says("named twice"));
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "ohlcv"}), ConfigError, says("'volume' is no price"));
}

BOOST_AUTO_TEST_CASE(strided_windows_begin_at_every_stride_from_the_runs_first_bar) {
  const Workspace workspace({.length = 16, .stride = 7, .max_gap = 2 * kMinute});
  const Windows windows = workspace.open({.normalize = Normalisation::none});
  BOOST_TEST(windows.size() == static_cast<std::int64_t>(workspace.places.size()));
  BOOST_TEST(worst_difference(workspace, windows, Normalisation::none, kOhlc) == 0.0);
}

BOOST_AUTO_TEST_CASE(blocked_gives_the_same_windows_within_its_memory) {
  const Workspace workspace;
  for (const Normalisation normalise :
       {Normalisation::window_log_return, Normalisation::relative, Normalisation::none}) {
    const std::int64_t memory = normalise == Normalisation::relative ? 1'100'000 : 250'000;
    const Windows windows = workspace.open({.normalize = normalise, .order = Order::blocked, .memory = memory});
    const Windows whole = workspace.open({.normalize = normalise});
    const WindowOrder order = windows.order(windows.size(), 3);
    std::set<std::int64_t> seen;
    for (std::int64_t p = 0; p < windows.size(); p += 64) {
      std::vector<std::int64_t> batch;
      for (std::int64_t i = p; i < std::min(p + 64, windows.size()); ++i) batch.push_back(order(0, i));
      seen.insert(batch.begin(), batch.end());
      BOOST_TEST((gathered(windows, batch) == gathered(whole, batch)));
    }
    BOOST_TEST(static_cast<std::int64_t>(seen.size()) == windows.size());
    const std::int64_t runs = static_cast<std::int64_t>(workspace.cut.runs) * 64;
    BOOST_TEST(windows.most_bytes_resident() <= memory + runs);
    BOOST_TEST(windows.most_bytes_resident() > memory / 4);
  }
}

BOOST_AUTO_TEST_CASE(too_little_memory_says_how_much_is_needed) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(workspace.open({.order = Order::blocked, .memory = 1000}), ConfigError,
                        says("is too little for windows of 32 bars"));
}

BOOST_AUTO_TEST_CASE(threads_may_gather_at_once) {
  const Workspace workspace;
  for (const Order order : {Order::shuffled, Order::blocked}) {
    const Windows windows = workspace.open({.order = order, .memory = 250'000});
    const std::vector<std::int64_t> index = some_windows(windows.size(), 500, 9);
    const std::vector<float> expected = gathered(windows, index);
    std::array<bool, 4> same{};
    {
      std::vector<std::jthread> threads;
      for (bool& right : same) {
        threads.emplace_back([&] {
          right = true;
          for (int i = 0; i < 5; ++i) right = right && gathered(windows, index) == expected;
        });
      }
    }
    for (const bool right : same) BOOST_TEST(right);
  }
}

BOOST_AUTO_TEST_CASE(a_window_out_of_range_or_too_little_room_is_an_error) {
  const Workspace workspace;
  const Windows windows = workspace.open();
  std::vector<float> out(32 * 4);
  for (const std::int64_t bad : {std::int64_t{-1}, windows.size()}) {
    BOOST_CHECK_THROW(windows.gather(std::vector<std::int64_t>{bad}, out), std::out_of_range);
  }
  BOOST_CHECK_THROW(windows.gather(std::vector<std::int64_t>{0, 1}, out), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(the_holdout_of_a_view_begins_at_one_moment_for_all_symbols) {
  const Workspace workspace;
  for (const Order order : {Order::shuffled, Order::blocked}) {
    const Windows windows = workspace.open({.order = order, .memory = 250'000});
    const HoldoutSplit split = windows.hold_out(windows.all(), 0.2);
    BOOST_TEST(split.holdout.size() >= windows.size() / 5);
    BOOST_TEST(split.holdout.size() <= windows.size() / 5 + 2);
    for (std::int64_t k = 0; k < split.train.size(); k += 7) {
      const std::int64_t w = split.train[k];
      const auto [s, begin] = workspace.places[static_cast<std::size_t>(w)];
      const auto& time = workspace.bars[static_cast<std::size_t>(s)].time;
      const auto first_held = std::ranges::lower_bound(time, split.cut.value()) - time.begin();
      if (begin + 32 + 32 > first_held || windows.time(w).end + 32 * kMinute > *split.cut)
        BOOST_ERROR("window " << w << " is too near");
    }
    const auto span = windows.span(split.train);
    BOOST_REQUIRE(span.size() == 2U);
    BOOST_TEST(span[0].times.size() == 1U);
    BOOST_TEST(span[1].times.back().end <= *split.cut - 32 * kMinute);
  }
}

BOOST_AUTO_TEST_CASE(cutting_the_same_again_finds_what_is_there_and_anything_else_is_a_new_version) {
  const Workspace workspace;
  const CutResult again = cut_windows(workspace.folder.path(), workspace.ids, workspace.shape);
  BOOST_TEST(again.existed);
  BOOST_TEST((again.id == workspace.cut.id));
  BOOST_TEST(again.content_sha256 == workspace.cut.content_sha256);
  WindowShape longer = workspace.shape;
  longer.length = 33;
  const CutResult other = cut_windows(workspace.folder.path(), workspace.ids, longer);
  BOOST_TEST(!other.existed);
  BOOST_TEST(other.id.version == 2);
  BOOST_CHECK_THROW(cut_windows(workspace.folder.path(), workspace.ids, longer, "", 1), ConfigError);
}

BOOST_AUTO_TEST_CASE(bars_that_are_no_longer_what_was_cut_are_refused) {
  const Workspace workspace;
  const std::filesystem::path file = dataset_file(workspace.folder.path(), workspace.ids[1]);
  std::filesystem::permissions(file.parent_path(), std::filesystem::perms::owner_all);
  std::filesystem::remove(file);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says("no longer there"));
  market::Bars changed = workspace.bars[1];
  changed.close[5] += 0.001;
  store(workspace.folder.path(), "BBB", changed);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says("unlabeled_windows/AAA+BBB/v1 was made from bars/BBB/v1"));
}

BOOST_AUTO_TEST_CASE(a_price_without_a_log_is_refused_with_its_bar_where_a_log_is_needed) {
  test::TemporaryFolder folder;
  market::Bars bars = random_bars(200, 1);
  bars.low[150] = -1.0;
  const DatasetId id = store(folder.path(), "SPREAD", bars);
  const CutResult cut =
      cut_windows(folder.path(), std::vector<DatasetId>{id}, {.length = 10, .stride = 1, .max_gap = std::nullopt});
  BOOST_CHECK_EXCEPTION(open_windows(folder.path(), cut.id), DataError, says("low is -1 in bar 150 of bars/SPREAD/v1"));
  BOOST_CHECK_NO_THROW(open_windows(folder.path(), cut.id, {.normalize = Normalisation::zscore}));
}

BOOST_AUTO_TEST_CASE(a_window_longer_than_every_stretch_says_how_long_they_are) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(cut_windows(workspace.folder.path(), workspace.ids, {.length = 5000}), DataError,
                        says("the longest stretch"));
  BOOST_CHECK_EXCEPTION(
      cut_windows(workspace.folder.path(), std::vector<DatasetId>{workspace.ids[0], workspace.ids[0]}, {}), ConfigError,
      says("named twice"));
}

BOOST_AUTO_TEST_CASE(a_truncated_view_and_a_flipped_byte_are_found_when_it_is_opened) {
  const Workspace workspace;
  // The run columns are the file's data; a byte of one of them is one of the file's bytes that are not text.
  const std::filesystem::path file = workspace.cut.file;
  const auto size = std::filesystem::file_size(file);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::filesystem::resize_file(file, size / 2);
  BOOST_CHECK_EXCEPTION(workspace.open(), DataError, says(file.string()));
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_of_the_bars_is_found_when_they_are_read) {
  const Workspace workspace;
  const std::filesystem::path file = dataset_file(workspace.folder.path(), workspace.ids[0]);
  // One byte somewhere in the middle of the file: prices, which the chunks' checksums cover.
  overwrite_byte(file, static_cast<std::int64_t>(std::filesystem::file_size(file)) / 2);
  BOOST_CHECK_EXCEPTION(workspace.open({.normalize = Normalisation::zscore, .channels = "ohlcv"}), DataError,
                        says("bars/AAA/v1.h5"));
}

BOOST_AUTO_TEST_CASE(other_kinds_hold_no_windows) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(open_windows(workspace.folder.path(), workspace.ids[0]), ConfigError, says("holds no windows"));
}

BOOST_AUTO_TEST_CASE(breaks_are_read_back_as_they_are_written) {
  for (const char* text : {"none", "roll", "session", "roll,session"})
    BOOST_TEST(break_flags_text(parse_break_flags(text)) == text);
  BOOST_CHECK_THROW(parse_break_flags("weekend"), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
