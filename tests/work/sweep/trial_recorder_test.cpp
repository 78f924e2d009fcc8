// What is kept of a trial, and which sweeps are refused for the outer test part.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "work/sweep/honesty/outer_test.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/study/trial_attributes.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

TrialResult complete(const std::string& returns) {
  return {.number = 3, .state = sweep::TrialState::complete, .values = {1.0}, .returns_file = returns};
}

std::string fault_of(const TrialResult& result) {
  const std::string* json = find_attribute(result.attributes, kReturnsFault);
  return json == nullptr ? "" : parse_json(*json, "a fault").get<std::string>();
}

struct Recorded {
  TemporaryFolder folder;
  SweepConfig config;

  TrialResult keep(TrialResult result) const {
    TrialRecorder(config, folder.path()).keep(result, folder.path());
    return result;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_programs_returns_are_kept_by_the_day) {
  Recorded recorded;
  write_file(
      recorded.folder / "mine.csv",
      "time,position,return\n2020-01-01T10:00:00Z,1,0.1\n2020-01-01T11:00:00Z,0,0.1\n2020-01-02T00:00:00Z,1,-0.05\n");
  const TrialResult kept = recorded.keep(complete("mine.csv"));
  BOOST_TEST(kept.returns_file == "returns.csv");
  BOOST_TEST((kept.state == sweep::TrialState::complete));
  const TrackRecord record = read_track_record(recorded.folder / "returns.csv");
  BOOST_REQUIRE_EQUAL(record.value.size(), 2U);
  BOOST_TEST(record.value[0] == 0.21, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(record.time[1] == parse_utc("2020-01-02"));
}

BOOST_AUTO_TEST_CASE(returns_that_cannot_be_read_cost_the_trial_nothing_but_them) {
  Recorded recorded;
  write_file(recorded.folder / "returns.csv", "of an earlier attempt");
  const TrialResult missing = recorded.keep(complete("nowhere.csv"));
  BOOST_TEST((missing.state == sweep::TrialState::complete));
  BOOST_TEST(missing.values.size() == 1U);
  BOOST_TEST(missing.returns_file == "");
  BOOST_TEST(holds(fault_of(missing), "nowhere.csv"));
  BOOST_TEST(!std::filesystem::exists(recorded.folder / "returns.csv"));
  write_file(recorded.folder / "two.csv", "time,a,b\n2020-01-01,1,2\n2020-01-02,1,2\n");
  BOOST_TEST(holds(fault_of(recorded.keep(complete("two.csv"))), "2 columns of numbers"));
}

BOOST_AUTO_TEST_CASE(a_trial_whose_returns_touch_the_outer_test_part_has_failed) {
  Recorded recorded;
  recorded.config.honesty.test_from = "2020-01-02";
  write_file(recorded.folder / "r.csv", "time,return\n2020-01-01,0.1\n2020-01-02,0.1\n");
  const TrialResult failed = recorded.keep(complete("r.csv"));
  BOOST_TEST((failed.state == sweep::TrialState::failed));
  BOOST_TEST(failed.values.empty());
  BOOST_TEST(holds(failed.message, "touch the outer test part, from 2020-01-02"));
  recorded.config.honesty.test_from = "2020-01-03";
  BOOST_TEST((recorded.keep(complete("r.csv")).state == sweep::TrialState::complete));
  recorded.config.honesty = {.test_from = "2019-01-01", .test_to = "2020-01-01"};
  BOOST_TEST((recorded.keep(complete("r.csv")).state == sweep::TrialState::complete));
}

BOOST_AUTO_TEST_CASE(a_jobs_returns_and_fold_scores_are_those_of_the_metrics_configuration) {
  Recorded recorded;
  recorded.config.sweep.job = "cv";
  recorded.config.sweep.metric = {"models.xgboost rate=0.1.scores.log_loss"};
  const std::filesystem::path run = recorded.folder / "artifacts/runs/R1";
  create_folders(run);
  write_file(run / "results.json", json_text({{"best", "xgboost"},
                                              {"models",
                                               {{"xgboost", {{"by_split", {{"log_loss", {9, 9}}}}}},
                                                {"xgboost rate=0.1", {{"by_split", {{"log_loss", {0.5, 0.75}}}}}}}}}));
  data::hdf5::File file = data::hdf5::File::create(run / "returns.h5");
  file.set_attribute("column_names", std::vector<std::string>{"xgboost", "xgboost rate=0.1"});
  file.write("time", std::vector<std::int64_t>{parse_utc("2020-01-01"), parse_utc("2020-01-05")});
  file.create_dataset("returns", data::hdf5::Type::float64, {2, 2}).write(std::vector<double>{1, 0.25, 2, -0.5});
  file.close();
  TrialResult result = complete("");
  result.attributes = {{"run", "\"R1\""}};
  const TrialResult kept = recorded.keep(result);
  BOOST_TEST((read_track_record(recorded.folder / "returns.csv").value == std::vector<double>{0.25, -0.5}));
  const std::string* folds = find_attribute(kept.attributes, kFoldScores);
  BOOST_REQUIRE(folds != nullptr);
  BOOST_TEST(*folds == "[0.5,0.75]");
  recorded.config.sweep.metric = {"overfitting.pbo"};
  recorded.keep(result);
  BOOST_TEST((read_track_record(recorded.folder / "returns.csv").value == std::vector<double>{1, 2}));
}

namespace {

// 60 days of a table whose labels end six days after their rows.
struct OuterTest {
  BarsWorkspace workspace;

  OuterTest() {
    std::string csv = "time,x,label,t1\n";
    const std::int64_t first = parse_utc("2020-01-01"), day = 86'400'000'000'000;
    for (std::int64_t i = 0; i < 60; ++i)
      csv += fmt::format("{},{},{},{}\n", utc_text(first + i * day), i % 7, i % 2 == 0 ? 1 : -1,
                         utc_text(first + (i + 6) * day));
    write_file(workspace.path("table.csv"), csv);
    const ProcessResult imported =
        workspace.run("data", {"import", "table", workspace.path("table.csv"), "--name", "mine", "--horizon", "6",
                               "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
  }

  void check(const std::string& data, const std::string& honesty, const std::string& space = "",
             const std::string& metric = "models.logistic.scores.log_loss") const {
    write_file(workspace.path("job.toml"), "[data]\ntable = \"mine/v1\"\n" + data);
    write_file(workspace.path("sweep.toml"),
               fmt::format("[sweep]\nname = \"s\"\njob = \"walk-forward\"\nconfig = \"job.toml\"\nmetric = \"{}\"\n"
                           "[honesty]\n{}\n[sweep.space]\nlogistic.c = {{ float = [0.1, 1.0] }}\n{}\n",
                           metric, honesty, space));
    check_outer_test(load_sweep_config(workspace.path("sweep.toml"), {}), workspace.folder());
  }
  std::string refusal(const std::string& data, const std::string& honesty, const std::string& space = "") const {
    return refusal_of([&] { check(data, honesty, space); });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(rows_and_labels_that_reach_into_the_outer_test_part_are_refused, OuterTest) {
  const std::string from = "test_from = \"2020-02-01\"";
  // The label of the row of 26 January ends on 1 February.
  BOOST_TEST(
      holds_all(refusal("", from), {"depends on prices up to 2020-02-01", "data.to = \"2020-01-26T00:00:00Z\""}));
  BOOST_TEST(holds(refusal("to = \"2020-02-01\"\n", from), "the label of the row of 2020-01-26"));
  BOOST_CHECK_NO_THROW(check("to = \"2020-01-26\"\n", from));
  BOOST_TEST(holds(refusal("to = \"2020-01-27\"\n", from), "2020-01-26"));
  BOOST_CHECK_NO_THROW(check("", ""));
}

BOOST_FIXTURE_TEST_CASE(purge_and_embargo_keep_further_away, OuterTest) {
  const std::string part = "test_from = \"2020-02-01\"\ntest_to = \"2020-02-10\"";
  BOOST_TEST(
      holds(refusal("to = \"2020-01-26\"\n[splits]\npurge = \"10d\"\n", part), "nearer to it than splits.purge"));
  BOOST_CHECK_NO_THROW(check("to = \"2020-01-22\"\n[splits]\npurge = \"10d\"\n", part));
  BOOST_CHECK_NO_THROW(check("from = \"2020-02-10\"\n", part));
  BOOST_TEST(holds(refusal("from = \"2020-02-09\"\n", part), "data.from = \"2020-02-10T00:00:00Z\""));
  BOOST_TEST(holds(refusal("from = \"2020-02-10\"\n[splits]\nembargo = \"2bars\"\n", part),
                   "data.from = \"2020-02-12T00:00:00Z\""));
}

BOOST_FIXTURE_TEST_CASE(any_trial_that_would_touch_it_is_enough, OuterTest) {
  const std::string from = "test_from = \"2020-02-01\"";
  BOOST_TEST(holds(refusal("to = \"2020-01-20\"\n", from, "data.to = { choice = [\"2020-01-20\", \"2020-02-20\"] }"),
                   "data.to = \"2020-02-20\""));
  BOOST_CHECK_NO_THROW(check("to = \"2020-02-20\"\n", from, "data.to = { choice = [\"2020-01-20\", \"2020-01-22\"] }"));
}

BOOST_FIXTURE_TEST_CASE(a_metric_of_a_test_part_is_refused, OuterTest) {
  BOOST_TEST(holds(refusal_of([&] { check("", "", "", "sealed.rows"); }), "is of a test part"));
}
