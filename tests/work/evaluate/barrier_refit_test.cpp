#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "data/tables/feature_table_file.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "work/evaluate/refit/refitted_splits.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::size_t kBars = 3000;

std::vector<std::string> sets(const std::vector<std::string>& settings, std::vector<std::string> more = {}) {
  for (const std::string& each : settings) more.insert(more.end(), {"--set", each});
  return more;
}

// Bars, and a table of them with labels of horizons 5 and 10.
struct Prepared {
  BarsWorkspace workspace;

  explicit Prepared(const market::Bars& bars,
                    const std::vector<std::string>& settings = {"barriers.population=8", "barriers.generations=2"}) {
    workspace.import(bars, "SYM");
    prepare(settings, "SYM-5m");
  }
  void prepare(const std::vector<std::string>& settings, const std::string& name) const {
    const ProcessResult prepared = workspace.run(
        "prepare",
        sets(with({"data.bars=SYM/v1", R"(features.columns=["rsi_14", "return_1"])", "labels.horizons=[5, 10]",
                   "splits.embargo=20bars", "weights.method=none", "output.name=" + name},
                  settings),
             {"--ranks", "1", "--quiet"}));
    BOOST_REQUIRE_MESSAGE(prepared.exit_code == 0, prepared.errors);
  }

  static std::vector<std::string> call(const std::vector<std::string>& settings, std::vector<std::string> more) {
    return sets(with({"data.table=SYM-5m/v1", "data.horizon=10", R"(fit.refit=["barriers"])",
                      R"(models.names=["prior","logistic"])", "backtest.costs=[\"SYM=0%\"]", "bootstrap.replicates=20",
                      "splits.train=0.5", "splits.test=0.25"},
                     settings),
                std::move(more));
  }
  Json answer(const std::vector<std::string>& settings = {},
              std::vector<std::string> more = {"--quiet", "--ranks", "1"}) const {
    return workspace.answer("walk-forward", call(settings, std::move(more)));
  }
  std::string refused(const std::string& job, const std::vector<std::string>& settings) const {
    const ProcessResult result = workspace.run(job, call(settings, {"--quiet", "--ranks", "1"}));
    BOOST_TEST(result.exit_code == 2, result.errors);
    return result.errors;
  }
};

market::Bars from_another_world(market::Bars bars, std::size_t from) {
  const double level = bars.close[from - 1] / 100;
  const market::Bars others = walking_bars(99, bars.size(), true);
  for (std::size_t i = from; i < bars.size(); ++i) {
    bars.open[i] = level * others.open[i];
    bars.high[i] = level * others.high[i];
    bars.low[i] = level * others.low[i];
    bars.close[i] = level * others.close[i];
  }
  return bars;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(barrier_refit)

BOOST_AUTO_TEST_CASE(every_split_searches_in_its_own_past_and_the_run_has_a_verdict) {
  const Prepared prepared(walking_bars(4, kBars, true));
  const Json found = prepared.answer();
  BOOST_TEST(found["has_verdict"] == true, found["contamination"]);
  BOOST_REQUIRE(found["barriers"].size() == 2U);
  const data::FeatureTableFile table(prepared.workspace.folder(), {"feature_table", "SYM-5m", 1});
  const std::vector<std::int64_t>& time = table.rows().time;
  for (std::size_t split = 0; split < 2; ++split) {
    const Json& each = found["barriers"][split]["SYM"];
    const auto test =
        static_cast<std::size_t>((0.5 + 0.25 * static_cast<double>(split)) * static_cast<double>(time.size()));
    BOOST_TEST(each["seen"]["first"] == time.front());
    // Up to the embargo before the test part, which begins behind the rows to train on and the embargo.
    BOOST_TEST(each["seen"]["last"].get<std::int64_t>() >= time[test - 2]);
    BOOST_TEST(each["seen"]["last"].get<std::int64_t>() <= time[test + 2]);
    BOOST_TEST(each["evaluations"].get<int>() > 8);
  }
  // The same table without it: its own barriers have seen what is tested.
  const Json as_it_is = prepared.workspace.answer(
      "walk-forward", sets({"data.table=SYM-5m/v1", "data.horizon=10", R"(models.names=["prior","logistic"])",
                            "backtest.costs=[\"SYM=0%\"]", "bootstrap.replicates=20", "splits.train=0.5"},
                           {"--quiet", "--ranks", "1"}));
  BOOST_TEST(as_it_is["has_verdict"] == false);
}

BOOST_AUTO_TEST_CASE(what_comes_later_has_no_part_in_a_splits_barriers) {
  const market::Bars bars = walking_bars(4, kBars, true);
  const Json found = Prepared(bars).answer();
  // From the last quarter on, which the second split tests alone, all is different.
  const Json other = Prepared(from_another_world(bars, kBars - kBars / 4 + 40)).answer();
  BOOST_TEST(found["tested"]["sha256"] != other["tested"]["sha256"]);
  BOOST_TEST(found["barriers"] == other["barriers"]);
  // From the middle on: the first split's stay.
  const Json half = Prepared(from_another_world(bars, kBars / 2 + 60)).answer();
  BOOST_TEST(found["barriers"][0] == half["barriers"][0]);
  BOOST_TEST(found["barriers"][1] != half["barriers"][1]);
}

// `moola prepare` told the barriers that a split has found makes the labels that the split learns from and is tested
// by.
BOOST_AUTO_TEST_CASE(labels_are_those_of_a_table_with_these_barriers) {
  const Prepared prepared(walking_bars(4, kBars, true));
  LoadedEvaluateConfig config = load_evaluate_config(
      SplitStrategy::walk_forward, std::nullopt,
      {"data.table=SYM-5m/v1", "data.horizon=10", "splits.train=0.5", "splits.test=0.25", R"(fit.refit=["barriers"])"});
  EvaluationData data = read_evaluation_data(prepared.workspace.folder(), config.values);
  BarrierRefit refit(prepared.workspace.folder(), data, 2);
  std::vector<Json> found;
  for (const validation::RowRange& rows : rows_before_tests(config, data)) found.push_back(refit.search(rows));
  refit.take(found);
  const EvaluationSplits splits = make_refitted_splits(config, data, refit);
  BOOST_REQUIRE(splits.splits.size() == 2U);
  refit.label_as_tested(data, {splits.splits[0].test, splits.splits[1].test});
  const EvaluationData tested = data;
  for (std::size_t split = 0; split < 2; ++split) {
    const Json& rule = found[split]["SYM"]["rule"];
    const auto twice = [&](const char* key) { return fmt::format("[{0}, {0}]", rule[key].dump()); };
    const std::string name = fmt::format("as-{}", split);
    prepared.prepare({"barriers.optimise=false", "labels.up=" + twice("up"), "labels.down=" + twice("down"),
                      "labels.max_bars=" + twice("max_bars"), "splits.purge=100bars"},
                     name);
    const data::FeatureTableFile table(prepared.workspace.folder(), {"feature_table", name, 1});
    const data::HorizonColumns& wanted = table.rows().horizons.at(1);
    refit.label_as(data, split);
    BOOST_REQUIRE(wanted.label.size() == data.size());
    std::size_t labelled = 0;
    for (std::size_t row = 0; row < data.size(); ++row) {
      const bool has = wanted.label[row] != data::kInvalidLabel;
      labelled += has;
      BOOST_REQUIRE((data.label[row] >= 0) == has);
      if (has)
        BOOST_REQUIRE(data.class_names[static_cast<std::size_t>(data.label[row])] == std::to_string(wanted.label[row]));
      BOOST_REQUIRE(data.t1[row] == wanted.t1[row]);
    }
    BOOST_TEST(labelled > data.size() / 2);
    for (const validation::RowRange& rows : splits.splits[split].test) {
      for (std::size_t row = rows.begin; row < rows.end; ++row)
        BOOST_REQUIRE((tested.label[row] == data.label[row] && tested.t1[row] == data.t1[row]));
    }
    // What is learnt from is known before the test part begins.
    const std::int64_t first = data.time[splits.splits[split].test.front().begin];
    for (const validation::RowRange& rows : splits.splits[split].train) {
      for (std::size_t row = rows.begin; row < rows.end; ++row) BOOST_REQUIRE(data.intervals().end(row) < first);
    }
  }
}

BOOST_AUTO_TEST_CASE(ranks_and_stops_change_nothing) {
  const Prepared prepared(walking_bars(4, kBars, true));
  const Json found = prepared.answer();
  const Json on_three = prepared.answer({}, {"--quiet", "--ranks", "3", "--fresh"});
  for (const char* what : {"barriers", "folds_sha256", "models", "tested"})
    BOOST_TEST(on_three[what] == found[what], what);
  const ProcessResult stopped = prepared.workspace.run(
      "walk-forward", Prepared::call({"run.time_limit=1ms"}, {"--quiet", "--ranks", "1", "--fresh"}));
  BOOST_TEST(stopped.exit_code == 85, stopped.errors);
  BOOST_TEST(prepared.answer()["folds_sha256"] == found["folds_sha256"]);
}

BOOST_AUTO_TEST_CASE(a_split_with_too_few_rows_is_marked_and_the_others_go_on) {
  const Prepared prepared(walking_bars(4, kBars, true));
  const Json found =
      prepared.workspace.answer("walk-forward", Prepared::call({"splits.train=0.25"}, {"--quiet", "--ranks", "1"}));
  BOOST_TEST(found["barriers"][0].is_null());
  BOOST_TEST(!found["barriers"][1].is_null());
  BOOST_REQUIRE(!found["warnings"].empty());
  BOOST_TEST(holds(found["warnings"].dump(), "the barriers of split 0: "));
}

BOOST_AUTO_TEST_CASE(what_has_no_barriers_of_its_own_past_is_refused) {
  const Prepared prepared(walking_bars(4, kBars, true));
  BOOST_TEST(holds(prepared.refused("cv", {"splits.train=0.4"}), "splits.train is for moola walk-forward"));
  const auto refused = [&](const std::string& job, std::vector<std::string> settings) {
    settings.insert(settings.begin(), {R"(fit.refit=["barriers"])", R"(models.names=["prior","logistic"])"});
    const ProcessResult result = prepared.workspace.run(job, sets(settings, {"--quiet", "--ranks", "1"}));
    BOOST_TEST(result.exit_code == 2, result.errors);
    return result.errors;
  };
  BOOST_TEST(holds(refused("cv", {"data.table=SYM-5m/v1", "data.horizon=10"}), "is for moola walk-forward"));
  BOOST_TEST(holds(refused("walk-forward", {"data.table=SYM-5m/v1", "data.horizon=10", "fit.weights=table"}),
                   "weights of the table's labels"));
  BOOST_TEST(holds(refused("walk-forward", {"data.windows=W/v1"}), "data.windows is given"));
  BOOST_TEST(holds(refused("walk-forward", {"data.table=SYM-5m/v1", R"(fit.refit=["bariers"])"}), "barriers"));
  prepared.prepare({"labels.strategy=directional"}, "moves");
  BOOST_TEST(holds(refused("walk-forward", {"data.table=moves/v1", "data.horizon=10"}), "has no barriers to search"));
  const EvaluationWorkspace elsewhere;
  BOOST_TEST(
      holds(elsewhere.refused("walk-forward", {R"(fit.refit=["barriers"])"}), "was not made by `moola prepare`"));
}

BOOST_AUTO_TEST_SUITE_END()
