// Labels of every strategy in the table that moola prepare makes.
#include <algorithm>
#include <cmath>
#include <map>

#include "data/tables/feature_table_file.h"
#include "prepared.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

constexpr std::size_t kBars = 2600;

struct Strategy {
  std::string name;
  Settings settings = {};
  std::string method;  // of its weights, where nobody chooses one
};

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> all{
      {"threshold", {}, "quality"},
      {"adaptive", {}, "quality"},
      {"meta", {"labels.signal=\"rsi_14 < 50\""}, "uniqueness"},
      {"meta", {"labels.signal=\"sma_5 > sma_20\"", "labels.judge=return"}, "uniqueness"},
      {"directional", {}, "quality"},
      {"regression", {}, "uniqueness"},
      {"trend_scan", {}, "uniqueness"},
  };
  return all;
}

Settings settings_of(const Strategy& strategy, const Settings& more = {}) {
  Settings out = small_settings(strategy.settings);
  out.push_back("labels.strategy=" + strategy.name);
  out.emplace_back("splits.purge=70bars");
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// A table of its own strategy, all of whose stages were done.
struct Made {
  explicit Made(const Settings& settings, const std::string& to = "validation", std::uint64_t seed = 3)
      : workspace(walking_bars(seed, kBars, true)), result(prepare_in(workspace, settings, {.to = to})) {}

  data::FeatureTableFile table() const { return {workspace.folder(), {"feature_table", "SYM-5m", 1}}; }
  market::Bars bars() const {
    const auto file = stage_file_of(result, "clean", "SYM");
    market::Bars out;
    out.resize(file.read<double>("close").size());
    out.time = file.read<std::int64_t>("time");
    out.open = file.read<double>("open");
    out.high = file.read<double>("high");
    out.low = file.read<double>("low");
    out.close = file.read<double>("close");
    return out;
  }
  Json labels() const { return stage_json(result, "labels", "SYM-5m"); }

  BarsWorkspace workspace;
  work::PrepareResult result;
};

// Rows of X begin with the first bar that all columns have a value of.
std::size_t first_row(const Made& made) {
  return stage_json(made.result, "features", "SYM")["first_complete_row"].get<std::size_t>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepare_strategies)

BOOST_AUTO_TEST_CASE(every_table_says_when_labels_end_and_weighs_none_that_is_not_there) {
  for (const Strategy& strategy : strategies()) {
    BOOST_TEST_CONTEXT(strategy.name) {
      const Made made(settings_of(strategy));
      BOOST_TEST(made.labels()["strategy"] == strategy.name);
      BOOST_TEST(made.labels()["weights"] == strategy.method);
      const data::FeatureTableFile table = made.table();
      BOOST_REQUIRE(table.rows().horizons.size() == 2U);
      for (const data::HorizonColumns& labels : table.rows().horizons) {
        BOOST_TEST(labels.label.empty() == (strategy.name == "regression"));
        BOOST_TEST(labels.quality.empty() == (strategy.method != "quality"));
        BOOST_REQUIRE(labels.t1.size() == table.size());
        std::size_t there = 0;
        for (std::size_t row = 0; row < table.size(); ++row) {
          there += labels.has(row);
          BOOST_REQUIRE(labels.has(row) == (labels.t1[row] != kNoTime));
          BOOST_REQUIRE(labels.has(row) == (labels.weight[row] > 0));
          if (labels.has(row)) BOOST_REQUIRE(labels.t1[row] > table.rows().time[row]);
        }
        BOOST_TEST(there > table.size() / 2);
        BOOST_TEST(there < table.size());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(no_label_of_a_part_ends_in_a_later_one) {
  for (const Strategy& strategy : strategies()) {
    BOOST_TEST_CONTEXT(strategy.name) {
      const Made made(settings_of(strategy));
      const data::FeatureTableFile table = made.table();
      const Json split = stage_json(made.result, "splits", "SYM-5m");
      for (const auto& [part, next] : {std::pair("train", "val"), {"val", "test"}}) {
        const std::int64_t begin = table.rows().time[split[next][0][0].get<std::size_t>()];
        for (const Json& range : split[part]) {
          for (auto row = range[0].get<std::size_t>(); row < range[1].get<std::size_t>(); ++row) {
            for (const data::HorizonColumns& labels : table.rows().horizons) BOOST_REQUIRE(labels.t1[row] < begin);
          }
        }
      }
      const Json checks = stage_json(made.result, "validation", "SYM-5m")["leakage"];
      BOOST_TEST(checks.size() > 8U);
      for (const Json& check : checks) BOOST_TEST(check["passed"] == true, check.dump());
    }
  }
}

BOOST_AUTO_TEST_CASE(stages_of_the_search_say_that_there_is_nothing_to_do) {
  const Made made(settings_of({"regression", {}, ""}), "labels");
  for (const auto& [stage, unit] : {std::pair("initial_labels", "SYM"), std::pair("barriers", "SYM-5m")}) {
    const Json record = read_json(stage_output(made.result, stage, std::string(unit) + ".done.json"));
    BOOST_TEST(holds(record["said"].get<std::string>(), "nothing to do"));
    BOOST_TEST(record["outputs"].size() == 1U);
  }
  // A dry run foresees no more than is made.
  const BarsWorkspace fresh(walking_bars(3, kBars, true));
  const auto foreseen = prepare_in(fresh, settings_of({"regression", {}, ""}), {.to = "barriers", .dry_run = true});
  for (const work::StageResult& stage : foreseen.stages) {
    if (stage.name == "initial_labels") BOOST_TEST(stage.outputs.size() == 1U);
  }
}

// Brute force: where the close is H bars later.
BOOST_AUTO_TEST_CASE(directions_are_those_of_the_cleaned_bars) {
  const Made made(settings_of({"directional", {"labels.dead_band=[0, 0.002]", "labels.horizons=[5, 20]"}, ""}));
  const market::Bars bars = made.bars();
  const std::size_t first = first_row(made);
  for (const auto& [horizon, band] : {std::pair(5, 0.0), std::pair(20, 0.002)}) {
    const data::FeatureTableFile table = made.table();
    const data::HorizonColumns& labels = table.horizon(horizon);
    for (std::size_t row = 0; row < table.size(); ++row) {
      const std::size_t bar = first + row, end = bar + static_cast<std::size_t>(horizon);
      if (end >= bars.size()) {
        BOOST_REQUIRE(labels.label[row] == -99);
        continue;
      }
      const double move = bars.close[end] - bars.close[bar], least = band * bars.close[bar];
      BOOST_REQUIRE(labels.label[row] == (move > least) - (move < -least));
      BOOST_REQUIRE(labels.t1[row] == bars.time[end]);
    }
  }
}

// Brute force: the first close beyond 1 % within H bars.
BOOST_AUTO_TEST_CASE(thresholds_are_those_of_the_cleaned_bars) {
  const Made made(settings_of({"threshold", {"labels.threshold=0.01"}, ""}));
  const market::Bars bars = made.bars();
  const std::size_t first = first_row(made);
  const data::FeatureTableFile table = made.table();
  const data::HorizonColumns& labels = table.horizon(20);
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::size_t bar = first + row;
    if (bar + 20 >= bars.size()) {
      BOOST_REQUIRE(labels.label[row] == -99);
      continue;
    }
    const double entry = bars.close[bar];
    int label = 0;
    std::size_t end = bar + 1;
    for (;; ++end) {
      if (bars.close[end] >= entry + 0.01 * entry) label = 1;
      if (bars.close[end] <= entry - 0.01 * entry) label = -1;
      if (label != 0 || end == bar + 20) break;
    }
    BOOST_REQUIRE(labels.label[row] == label);
    BOOST_REQUIRE(labels.t1[row] == bars.time[end]);
  }
}

// Brute force: returns in per cent, cut at percentiles of those that begin and end in the purged train part.
BOOST_AUTO_TEST_CASE(targets_are_returns_cut_at_what_train_rows_show) {
  const Made made(settings_of({"regression", {}, ""}));
  const market::Bars bars = made.bars();
  const std::size_t first = first_row(made), rows = bars.size() - first;
  const std::size_t end = first + static_cast<std::size_t>(0.7 * static_cast<double>(rows)) - 70;
  const auto percents = [&](std::size_t bar) { return 100 * (bars.close[bar + 20] / bars.close[bar] - 1); };
  std::vector<double> fitted;
  for (std::size_t bar = first; bar + 20 < end; ++bar) fitted.push_back(percents(bar));
  std::sort(fitted.begin(), fitted.end());
  const Json limits = made.labels()["symbols"]["SYM"]["horizons"]["20"]["fitted"]["return_limits"];
  BOOST_TEST(limits["returns"] == fitted.size());
  BOOST_TEST(limits["seen"]["first"] == bars.time[first]);
  BOOST_TEST(limits["seen"]["last"] == bars.time[end - 1]);
  // A percentile lies between two neighbours.
  const double place = 0.01 * static_cast<double>(fitted.size() - 1);
  const auto at = static_cast<std::size_t>(place);
  const double low = fitted[at] + (place - std::floor(place)) * (fitted[at + 1] - fitted[at]);
  BOOST_TEST(std::fabs(100 * limits["low"].get<double>() - low) < 1e-9);
  const double high = 100 * limits["high"].get<double>();
  const data::FeatureTableFile table = made.table();
  const data::HorizonColumns& targets = table.horizon(20);
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (first + row + 20 >= bars.size()) {
      BOOST_REQUIRE(std::isnan(targets.target[row]));
      continue;
    }
    const double expected = std::clamp(percents(first + row), low, high);
    BOOST_REQUIRE(std::fabs(targets.target[row] - expected) < 1e-5);
    BOOST_REQUIRE(targets.t1[row] == bars.time[first + row + 20]);
  }
  BOOST_TEST(std::any_of(table.info().fitted.begin(), table.info().fitted.end(),
                         [](const data::FittedPart& part) { return part.name == "return_limits"; }));
}

// Without percentiles nothing is fitted, and all returns stay as they are.
BOOST_AUTO_TEST_CASE(targets_that_are_not_cut_have_seen_nothing) {
  const Made made(settings_of({"regression", {"labels.winsor=[]", "labels.returns=log", "labels.multiple=1"}, ""}));
  BOOST_TEST(made.table().info().fitted.empty());
  const market::Bars bars = made.bars();
  const std::size_t first = first_row(made);
  const data::FeatureTableFile table = made.table();
  for (std::size_t row = 0; row + 20 < table.size(); ++row) {
    const std::size_t bar = first + row;
    const double expected = std::log(bars.close[bar + 5] / bars.close[bar]);
    BOOST_REQUIRE(std::fabs(table.horizon(5).target[row] - expected) < 1e-7);
  }
}

// A trend is known to have won only when the longest that was looked at has ended.
BOOST_AUTO_TEST_CASE(trends_end_with_the_longest_that_was_looked_at) {
  const Made made(settings_of({"trend_scan", {"labels.max_bars=[9, 30]"}, ""}));
  const market::Bars bars = made.bars();
  const std::size_t first = first_row(made);
  const data::FeatureTableFile table = made.table();
  for (std::size_t row = 0; row < table.size(); ++row) {
    for (const auto& [horizon, most] : {std::pair(5, 9U), std::pair(20, 30U)}) {
      const data::HorizonColumns& labels = table.horizon(horizon);
      const std::size_t end = first + row + most;
      BOOST_REQUIRE((labels.label[row] == -99) == (end >= bars.size()));
      if (end < bars.size()) BOOST_REQUIRE(labels.t1[row] == bars.time[end]);
    }
  }
  const Json parameters = made.labels()["symbols"]["SYM"]["horizons"]["20"]["parameters"];
  BOOST_TEST(parameters["min_bars"] == 6);  // a fifth of 30
}

BOOST_AUTO_TEST_CASE(meta_labels_judge_the_side_of_a_column_and_leave_out_bars_without_one) {
  const Made made(settings_of({"meta", {"labels.signal=\"rsi_14 < 45..55\"", "labels.judge=return"}, ""}));
  const auto file = stage_file_of(made.result, "labels", "SYM");
  const auto side = file.read<std::int8_t>("side_20"), label = file.read<std::int8_t>("label_20");
  const market::Bars bars = made.bars();
  std::map<int, int> seen;
  for (std::size_t bar = 0; bar < bars.size(); ++bar) {
    const bool has = side[bar] != 0 && bar + 20 < bars.size();
    ++seen[has ? label[bar] : -99];
    if (!has) {
      BOOST_REQUIRE(label[bar] == -99);
      continue;
    }
    const double move = bars.close[bar + 20] - bars.close[bar];
    BOOST_REQUIRE(label[bar] == (move * side[bar] > 0));
  }
  for (const int each : {-99, 0, 1}) BOOST_TEST(seen[each] > 100, each);
  const Json found = stage_json(made.result, "validation", "SYM-5m")["labels"]["20"];
  BOOST_TEST((found["classes"] == Json::parse(R"(["right","wrong"])")));
}

BOOST_AUTO_TEST_CASE(validation_looks_at_what_targets_are_in_each_part) {
  const Made made(settings_of({"regression", {"validation.psi=0.001"}, ""}));
  const Json found = stage_json(made.result, "validation", "SYM-5m");
  const Json& twenty = found["labels"]["20"];
  const data::FeatureTableFile table = made.table();
  const Json split = stage_json(made.result, "splits", "SYM-5m");
  double sum = 0;
  std::size_t count = 0;
  for (const Json& range : split["test"]) {
    for (auto row = range[0].get<std::size_t>(); row < range[1].get<std::size_t>(); ++row) {
      if (!table.horizon(20).has(row)) continue;
      sum += table.horizon(20).target[row];
      ++count;
    }
  }
  BOOST_TEST(twenty["parts"]["test"]["rows"] == count);
  BOOST_TEST(std::fabs(twenty["parts"]["test"]["mean"].get<double>() - sum / static_cast<double>(count)) < 1e-9);
  BOOST_TEST(twenty["drift"]["test"]["psi"].get<double>() > 0.001);
  std::string warnings;
  for (const Json& each : found["warnings"]) warnings += each.get<std::string>() + "\n";
  BOOST_TEST(holds(warnings, "target_20"));
  BOOST_TEST(!holds(warnings, "label_20"));
  // Of neighbouring rows 19 of 20 bars are the same.
  BOOST_TEST(twenty["persistence"]["SYM"]["autocorrelation"]["1"].get<double>() > 0.8);
}

// What it says of a part that has none is that it has none.
BOOST_AUTO_TEST_CASE(a_part_without_targets_is_a_warning) {
  const Settings far{"labels.horizons=[300]", "splits.purge=300bars", "splits.embargo=10bars", "splits.train=0.6",
                     "splits.val=0.33"};
  const Made made(settings_of({"regression", {}, ""}, far), "report");
  const Json found = stage_json(made.result, "validation", "SYM-5m");
  BOOST_TEST(found["labels"]["300"]["parts"]["test"]["rows"] == 0);
  BOOST_TEST(!found["labels"]["300"]["parts"]["test"].contains("mean"));
  BOOST_TEST(holds(found["warnings"].dump(), "target_300: no row of the test part has one."));
}

BOOST_AUTO_TEST_CASE(percentiles_are_not_fitted_on_fewer_returns_than_lie_beyond_them) {
  const BarsWorkspace workspace(walking_bars(3, kBars, true));
  const std::string said = refusal_of([&] {
    prepare_in(workspace, settings_of({"regression", {"labels.winsor=[0, 0.9999]"}, ""}));
  });
  BOOST_TEST(holds(said, "10000 at least are needed"), said);
  BOOST_TEST(holds(said, "labels.winsor = [0, 0.9999]"), said);
  BOOST_TEST(holds(said, "of SYM over 5 bars"), said);
}

// By what was judged: a short that was right gained when the price fell.
BOOST_AUTO_TEST_CASE(outcomes_of_meta_labels_are_those_of_the_side_that_was_taken) {
  for (const char* judge : {"barriers", "return"}) {
    const Made made(
        settings_of({"meta", {"labels.signal=\"sma_5 > sma_20\"", "labels.judge=" + std::string(judge)}, ""}));
    const Json outcomes = stage_json(made.result, "validation", "SYM-5m")["labels"]["20"]["outcomes"];
    BOOST_TEST(outcomes.size() == 2U);
    BOOST_TEST(outcomes["right"]["mean_return"].get<double>() > 0);
    BOOST_TEST(outcomes["wrong"]["mean_return"].get<double>() < 0);
    for (const char* how : {"right", "wrong"}) {
      BOOST_TEST(outcomes[how]["mean_adverse"].get<double>() <= 0);
      BOOST_TEST(outcomes[how]["mean_favourable"].get<double>() >= 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_page_shows_what_there_is) {
  const std::map<std::string, std::vector<std::string>> shown{
      {"regression", {"quartiles of the targets", "AUC of the highest third"}},
      {"meta", {">right</th>", "signal rsi_14"}},
      {"directional", {"mean adverse", "AUC of up"}},
      {"trend_scan", {"min_bars", "Horizon 20: shares of the classes"}}};
  for (const Strategy& strategy : strategies()) {
    if (!shown.contains(strategy.name) || (strategy.name == "meta" && strategy.settings.size() > 1)) continue;
    BOOST_TEST_CONTEXT(strategy.name) {
      const Made made(settings_of(strategy), "report");
      const std::string page = read_file(made.result.folder / "report.html");
      for (const std::string& each : shown.at(strategy.name)) BOOST_TEST(holds(page, each), each);
      BOOST_TEST(!holds(page, "found by"));
    }
  }
}

BOOST_AUTO_TEST_CASE(prices_that_do_not_move_leave_nothing_to_learn) {
  market::Bars flat = walking_bars(3, 900, true);
  for (auto* prices : {&flat.open, &flat.high, &flat.low, &flat.close})
    std::fill(prices->begin(), prices->end(), 100.0);
  const BarsWorkspace workspace(flat);
  const auto refused = [&](const std::string& strategy) {
    return refusal_of([&] {
      prepare_in(workspace, settings_of({strategy, {"features.columns=[\"return_1\", \"volume\"]"}, ""}));
    });
  };
  BOOST_TEST(holds(refused("regression"), "target_5"));
  BOOST_TEST(holds(refused("directional"), "dead band"));
  BOOST_TEST(holds(refused("trend_scan"), "label_5"));
}

// Each symbol has limits of its own, and all share a table.
BOOST_AUTO_TEST_CASE(several_symbols_share_a_table_of_targets) {
  const BarsWorkspace workspace(walking_bars(3, kBars, true));
  workspace.import(walking_bars(4, kBars, true), "OTH");
  const auto result = prepare_in(
      workspace, settings_of({"regression", {"data.bars=[\"SYM/v1\", \"OTH/v1\"]", "data.multi_symbol=true"}, ""}));
  const data::FeatureTableFile table(workspace.folder(),
                                     data::parse_dataset_id(result.datasets.at(0), "feature_table"));
  BOOST_TEST(table.info().symbols.size() == 2U);
  BOOST_TEST(table.horizon(20).target.size() == table.size());
}

BOOST_AUTO_TEST_SUITE_END()
