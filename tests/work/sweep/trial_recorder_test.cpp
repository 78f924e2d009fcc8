// What is kept of a trial.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
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

BOOST_AUTO_TEST_CASE(a_job_of_several_paths_is_kept_by_its_median_path_and_by_their_mean) {
  Recorded recorded;
  recorded.config.sweep.job = "cpcv-pbo";
  recorded.config.sweep.metric = {"models.logistic.scores.log_loss"};
  const std::filesystem::path run = recorded.folder / "artifacts/runs/R1";
  create_folders(run);
  const auto write = [&](const Json& moments, bool paths) {
    write_file(run / "results.json",
               json_text({{"best", "logistic"}, {"models", {{"logistic", {{"backtest", {{"moments", moments}}}}}}}}));
    data::hdf5::File file = data::hdf5::File::create(run / "returns.h5");
    file.set_attribute("column_names", std::vector<std::string>{"logistic"});
    file.write("time", std::vector<std::int64_t>{parse_utc("2020-01-01"), parse_utc("2020-01-05")});
    file.create_dataset("returns", data::hdf5::Type::float64, {2, 1}).write(std::vector<double>{0.25, 0.5});
    if (paths)
      file.create_dataset("median_path", data::hdf5::Type::float64, {2, 1}).write(std::vector<double>{0.125, -0.5});
    file.close();
  };
  TrialResult result = complete("");
  result.attributes = {{"run", "\"R1\""}};
  write({{"observations", 101}, {"effective_observations", 101}}, true);
  const TrialResult several = recorded.keep(result);
  BOOST_TEST((read_track_record(recorded.folder / "returns.csv").value == std::vector<double>{0.125, -0.5}));
  BOOST_TEST((read_track_record(recorded.folder / "mean_returns.csv").value == std::vector<double>{0.25, 0.5}));
  BOOST_TEST(find_attribute(several.attributes, kSharedTraining) == nullptr);
  // Of one path: nothing is left of the mean, and 101 returns that tell as much as 51 are half as many.
  write({{"observations", 101}, {"effective_observations", 51}}, false);
  const TrialResult one = recorded.keep(result);
  BOOST_TEST((read_track_record(recorded.folder / "returns.csv").value == std::vector<double>{0.25, 0.5}));
  BOOST_TEST(!std::filesystem::exists(recorded.folder / "mean_returns.csv"));
  const std::string* shared = find_attribute(one.attributes, kSharedTraining);
  BOOST_REQUIRE(shared != nullptr);
  BOOST_TEST(std::stod(*shared) == 2);
}
