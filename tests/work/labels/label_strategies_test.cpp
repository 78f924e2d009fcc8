// The strategies of moola label besides the triple barrier, as their users call them.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/one_content.h"

using namespace moola;
using namespace moola::test;

namespace {

struct Labelled {
  Json answer;
  data::hdf5::File file;
  Json manifest() const { return parse_json(file.text_attribute("manifest"), "manifest"); }
};

Labelled label(const BarsWorkspace& workspace, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--bars", "SYM/v1", "--out", workspace.path("l.h5"), "--force"});
  Json answer = workspace.answer("label", arguments);
  return {std::move(answer), data::hdf5::File::open(workspace.path("l.h5"))};
}

const std::vector<std::vector<std::string>> kCalls{
    {"--strategy", "threshold", "--threshold", "0.01"},
    {"--strategy", "adaptive", "--horizon", "5"},
    {"--strategy", "directional", "--horizon", "5"},
    {"--strategy", "regression", "--horizon", "5", "--fit-rows", "0:300,350:500"},
    {"--strategy", "trend_scan"},
    {"--strategy", "meta", "--horizon", "5", "--signal", "sma_10 > sma_50"},
    {"--strategy", "meta", "--horizon", "5", "--signal", "rsi_14 < 45..55", "--judge", "return"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(label_strategies)

BOOST_AUTO_TEST_CASE(every_strategy_states_its_name_its_columns_and_t1_where_there_is_a_label) {
  const BarsWorkspace workspace(walking_bars(1, 700, true));
  for (const auto& call : kCalls) {
    BOOST_TEST_CONTEXT(call[1]) {
      const auto [answer, file] = label(workspace, call);
      BOOST_TEST(answer["strategy"] == call[1]);
      BOOST_TEST(answer["rows"] == 700);
      BOOST_TEST(answer["columns"].size() == file.dataset_names().size());
      for (const auto& name : answer["columns"]) BOOST_TEST(file.dataset(name.get<std::string>()).rows() == 700U);
      const auto t1 = file.read<std::int64_t>("t1"), time = file.read<std::int64_t>("time");
      std::vector<bool> has(700);
      if (file.has_dataset("label")) {
        const auto labels = file.read<std::int8_t>("label");
        for (std::size_t i = 0; i < 700; ++i) has[i] = labels[i] != -99;
      } else {
        const auto target = file.read<float>("target");
        for (std::size_t i = 0; i < 700; ++i) has[i] = !std::isnan(target[i]);
      }
      std::int64_t none = 0;
      for (std::size_t i = 0; i < 700; ++i) {
        none += !has[i];
        BOOST_REQUIRE((t1[i] != kNoTime) == has[i]);
        if (has[i]) BOOST_REQUIRE(t1[i] > time[i]);
      }
      BOOST_TEST(answer["labels"]["none"] == none);
      BOOST_TEST(none > 0);
      BOOST_TEST(none < 700);
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit_of_any_strategy) {
  const BarsWorkspace workspace(walking_bars(2, 900));
  for (const auto& call : kCalls) {
    BOOST_TEST_CONTEXT(call[1]) {
      check_one_content({"1", "3"}, [&](const std::string& threads) {
        auto arguments = call;
        arguments.insert(arguments.end(), {"--bars", "SYM/v1", "--out", workspace.path("l.h5"), "--threads", threads,
                                           "--force", "--json"});
        return workspace.run("label", arguments);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_threshold_is_the_triple_barrier_at_shares_of_the_price) {
  const BarsWorkspace workspace(walking_bars(3, 700));
  const auto columns = [](const data::hdf5::File& file) {
    return std::tuple(file.read<std::int8_t>("label"), file.read<std::int32_t>("bars"), file.read<std::int64_t>("t1"));
  };
  const auto thin = columns(label(workspace, {"--strategy", "threshold"}).file);
  const auto plain = columns(
      label(workspace, {"--up", "0.005", "--down", "0.005", "--max-bars", "20", "--scale", "price", "--touch", "close"})
          .file);
  BOOST_TEST((thin == plain));
}

BOOST_AUTO_TEST_CASE(the_manifest_says_what_was_fitted_on_which_rows_and_times) {
  const market::Bars bars = walking_bars(4, 700);
  const BarsWorkspace workspace(bars);
  const Labelled made =
      label(workspace, {"--strategy", "regression", "--horizon", "5", "--fit-rows", "10:300,350:500"});
  const Json fitted = made.manifest()["fitted"]["return_limits"];
  BOOST_TEST((fitted["rows"] == Json::parse("[[10,300],[350,500]]")));
  BOOST_TEST(fitted["returns"] == 285 + 145);
  BOOST_TEST(fitted["times"][0][0] == utc_text(bars.time[10]));
  BOOST_TEST(fitted["times"][1][1] == utc_text(bars.time[499]));
  // No target lies outside, and some lie on the limits.
  const auto target = made.file.read<float>("target");
  const auto low = static_cast<float>(100 * fitted["low"].get<double>()),
             high = static_cast<float>(100 * fitted["high"].get<double>());
  BOOST_TEST(std::count(target.begin(), target.end(), low) > 1);
  BOOST_TEST(std::count(target.begin(), target.end(), high) > 1);
  BOOST_TEST(
      std::all_of(target.begin(), target.end(), [&](float x) { return std::isnan(x) || (x >= low && x <= high); }));
  const Labelled uncut = label(workspace, {"--strategy", "regression", "--horizon", "5", "--winsor", "none"});
  BOOST_TEST(!uncut.manifest().contains("fitted"));
}

BOOST_AUTO_TEST_CASE(factors_that_are_given_replace_the_usual_ones) {
  const BarsWorkspace workspace(walking_bars(5, 700, true));
  const Labelled made = label(workspace, {"--strategy", "adaptive", "--up", "2", "--down", "1", "--max-bars", "10",
                                          "--factors", "trend_regime_5_20=1:2,0.5,3", "--scale", "price"});
  BOOST_TEST(made.answer["longest"] == 30);
  BOOST_TEST(made.answer["regimes"].size() == 1U);
  const auto up = made.file.read<double>("scale_up"), down = made.file.read<double>("scale_down");
  const auto most = made.file.read<std::int32_t>("max_bars");
  std::size_t in_trend = 0;
  for (std::size_t i = 0; i < up.size(); ++i) {
    if (std::isnan(up[i])) continue;
    const bool trend = most[i] == 30;
    in_trend += trend;
    BOOST_REQUIRE((trend || most[i] == 10));
    BOOST_REQUIRE(up[i] == down[i] * (trend ? 4 : 1));
  }
  BOOST_TEST(in_trend > 50U);
  BOOST_TEST(in_trend < 600U);
}

BOOST_AUTO_TEST_CASE(sides_come_from_a_feature_file_as_from_its_column) {
  const BarsWorkspace workspace(walking_bars(6, 700));
  workspace.answer("features", {"--bars", "SYM/v1", "--features", "roc_5,macd_hist", "--out", workspace.path("f.h5")});
  const auto sides = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--strategy", "meta", "--horizon", "5"});
    return label(workspace, arguments).file.read<std::int8_t>("side");
  };
  const auto computed = sides({"--signal", "macd_hist"});
  BOOST_TEST((computed == sides({"--signal", "macd_hist", "--signal-file", workspace.path("f.h5")})));
  BOOST_TEST(std::count(computed.begin(), computed.end(), 1) > 100);
  BOOST_TEST(std::count(computed.begin(), computed.end(), -1) > 100);
}

BOOST_AUTO_TEST_CASE(costs_are_prices_shares_of_it_or_the_symbol_s) {
  const BarsWorkspace workspace(walking_bars(7, 100));
  const auto cost = [&](const char* text) {
    const Json answer = label(workspace, {"--horizon", "5", "--cost", text}).answer;
    return std::pair(answer["cost"].get<double>(), answer["cost_share"].get<double>());
  };
  BOOST_TEST((cost("0.25") == std::pair(0.25, 0.0)));
  BOOST_TEST(std::fabs(cost("3bp").second - 0.0003) < 1e-15);
  const std::string unknown = workspace.refusal(
      "label", {"--bars", "SYM/v1", "--out", workspace.path("m.h5"), "--horizon", "5", "--cost", "auto"});
  BOOST_TEST(holds(unknown, "what trading SYM costs is not known"));
  BOOST_TEST(holds(unknown, "MES"));
}

BOOST_AUTO_TEST_CASE(few_bars_and_prices_that_never_move_are_labelled_as_far_as_they_go) {
  for (const std::size_t n : {std::size_t{2}, std::size_t{5}, std::size_t{700}}) {
    const BarsWorkspace workspace(flat_bars(n, 100.0, 0.0));
    for (auto call : kCalls) {
      BOOST_TEST_CONTEXT(call[1] << " of " << n << " bars") {
        if (call[1] == "regression") call = {"--strategy", "regression", "--horizon", "5", "--winsor", "none"};
        const auto [answer, file] = label(workspace, call);
        BOOST_TEST(answer["rows"] == n);
        if (n < 700) BOOST_TEST(answer["labels"]["none"] == n);
        if (!file.has_dataset("label")) continue;
        // No price moves: nothing is up, down or right.
        for (const std::int8_t one : file.read<std::int8_t>("label")) BOOST_REQUIRE((one == 0 || one == -99));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_refused_in_one_paragraph) {
  const BarsWorkspace workspace(walking_bars(8, 400));
  workspace.answer("label", {"--bars", "SYM/v1", "--horizon", "5", "--out", workspace.path("known.h5")});
  workspace.answer(
      "features", {"--bars", "SYM/v1", "--features", "roc_5", "--timeframe", "10m", "--out", workspace.path("ten.h5")});
  const auto refused = [&](const std::string& strategy, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--bars", "SYM/v1", "--out", workspace.path("l.h5"), "--strategy", strategy});
    return workspace.refusal("label", arguments);
  };
  BOOST_TEST(holds(refused("adaptve", {}), "Did you mean 'adaptive'?"));
  BOOST_TEST(holds(refused("directional", {}), "--horizon N"));
  BOOST_TEST(
      holds(refused("directional", {"--horizon", "5", "--up", "2"}), "--up means nothing to --strategy directional"));
  BOOST_TEST(holds(refused("directional", {"--horizon", "5", "--dead-band", "-1"}), "dead band of -1"));
  BOOST_TEST(holds(refused("triple_barrier", {"--horizon", "5", "--dead-band", "1"}), "it is for directional"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5"}), "--fit-rows"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5", "--fit-rows", "0-300"}), "BEGIN:END"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5", "--fit-rows", "0:401"}), "the 400 bars have no such rows"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5", "--fit-rows", "0:5"}), "no return over 5 bars"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5", "--fit-rows", "0:300", "--winsor", "1,99"}), "LOW,HIGH"));
  BOOST_TEST(
      holds(refused("regression", {"--horizon", "5", "--fit-rows", "0:300", "--winsor", "none"}), "cuts nothing"));
  BOOST_TEST(holds(refused("regression", {"--horizon", "5", "--winsor", "none", "--returns", "logs"}), "'log'"));
  BOOST_TEST(holds(refused("trend_scan", {"--min-bars", "9", "--max-bars", "8"}), "trends of 9 to 8 bars"));
  BOOST_TEST(holds(refused("threshold", {"--threshold", "0"}), "both must be above 0"));
  BOOST_TEST(
      holds(refused("adaptive", {"--horizon", "5", "--factors", "atr_regime=1:1,1"}), "COLUMN=STATE:UP,DOWN,BARS"));
  BOOST_TEST(holds(refused("adaptive", {"--horizon", "5", "--factors", "atr_regime=1:0,1,1"}), "must be above 0"));
  BOOST_TEST(holds(refused("adaptive", {"--horizon", "5", "--factors", "atr_regim=1:1,1,1"}), "atr_regime"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5"}), "--signal"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5", "--signal", "rsi_14 >"}), "expected a column"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5", "--signal", "rsi14 > 50"}), "rsi_14"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5", "--signal", "rsi_14", "--judge", "returns"}), "'return'"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5", "--signal", "rsi_14", "--judge", "return", "--tie", "invalid"}),
                   "--tie is of barriers"));
  BOOST_TEST(
      holds(refused("meta", {"--horizon", "5", "--signal", "label", "--signal-file", workspace.path("known.h5")}),
            "know what came after"));
  BOOST_TEST(holds(refused("meta", {"--horizon", "5", "--signal", "roc_6", "--signal-file", workspace.path("ten.h5")}),
                   "Did you mean 'roc_5'?"));
  BOOST_TEST(holds(refused("threshold", {"--cost", "5%"}), "basis points"));
}

BOOST_AUTO_TEST_CASE(a_signal_file_of_other_bars_is_refused) {
  const BarsWorkspace workspace(walking_bars(9, 401));
  market::Bars later = walking_bars(9, 401);
  for (std::int64_t& stamp : later.time) stamp += kMinuteNs;
  const BarsWorkspace other(later);
  other.answer("features", {"--bars", "SYM/v1", "--features", "roc_5", "--out", other.path("f.h5")});
  BOOST_TEST(
      holds(workspace.refusal("label", {"--bars", "SYM/v1", "--out", workspace.path("l.h5"), "--strategy", "meta",
                                        "--horizon", "5", "--signal", "roc_5", "--signal-file", other.path("f.h5")}),
            "when no bar begins"));
}

BOOST_AUTO_TEST_SUITE_END()
