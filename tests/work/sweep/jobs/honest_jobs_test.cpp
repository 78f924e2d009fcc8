// What a sweep over an evaluation keeps of its trials, from the job's own files.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "validation/overfitting.h"
#include "validation/sharpe.h"
#include "work/sweep/honesty/track_record.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::int64_t kTenMinutes = 600'000'000'000;

// The only column of a run's data set, compounded by ten minutes.
std::map<std::int64_t, double> by_ten_minutes(const std::filesystem::path& file, const std::string& dataset) {
  const data::hdf5::File run = data::hdf5::File::open(file);
  const std::vector<std::int64_t> time = run.read<std::int64_t>("time");
  const std::vector<double> returns = run.dataset(dataset).read<double>();
  BOOST_REQUIRE(time.size() == returns.size());
  std::map<std::int64_t, double> out;
  for (std::size_t i = 0; i < time.size(); ++i) {
    double& total = out[time[i] / kTenMinutes * kTenMinutes];
    total = (1 + total) * (1 + returns[i]) - 1;
  }
  return out;
}

void check_kept(const TrackRecord& kept, const std::map<std::int64_t, double>& expected) {
  BOOST_REQUIRE(kept.time.size() == expected.size());
  auto each = expected.begin();
  for (std::size_t i = 0; i < kept.time.size(); ++i, ++each) {
    BOOST_TEST(kept.time[i] == each->first);
    BOOST_TEST(std::fabs(kept.value[i] - each->second) < 1e-12);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(trials_of_cpcv_pbo_are_judged_by_their_median_paths_and_chosen_by_their_means) {
  const EvaluationWorkspace folder({.rows = 700, .edge = 0.6});
  const BarsWorkspace& workspace = folder.workspace;
  write_file(workspace.path("job.toml"),
             "[data]\ntable = \"mine/v1\"\ntrust = true\n[backtest]\nbars = [\"SYM/v1\"]\ncosts = [\"SYM=0%\"]\n"
             "[bootstrap]\nreplicates = 0\n[splits]\ngroups = 4\n[models]\nnames = [\"prior\", \"logistic\"]\n");
  write_file(workspace.path("sweep.toml"),
             "[sweep]\nname = \"paths\"\njob = \"cpcv-pbo\"\nconfig = \"job.toml\"\nsampler = \"qmc\"\ntrials = 4\n"
             "metric = \"models.logistic.scores.log_loss\"\n[honesty]\nresolution = \"10m\"\n[workers]\ncount = 2\n"
             "[sweep.space]\nlogistic.c = { float = [1e-5, 10], log = true }\n");
  const Json answer = workspace.answer("sweep", {workspace.path("sweep.toml"), "--quiet"});
  const Json& honesty = answer["honesty"];
  BOOST_TEST(honesty["complete"] == 4);
  BOOST_TEST(honesty["returns"]["trials"] == 4);

  std::vector<std::vector<double>> means;
  const std::filesystem::path study = workspace.folder() / "artifacts/studies/paths";
  for (std::size_t trial = 0; trial < 4; ++trial) {
    const std::filesystem::path kept = study / fmt::format("trials/{:06}", trial);
    const Json attributes = read_json(kept / "result.json")["attributes"];
    const std::string run = attributes["run"];
    BOOST_TEST(attributes["fold_tests"].get<double>() == 3, boost::test_tools::tolerance(1e-9));
    const std::filesystem::path returns = workspace.folder() / "artifacts/runs" / run / "returns.h5";
    check_kept(read_track_record(kept / "returns.csv"), by_ten_minutes(returns, "median_path"));
    const TrackRecord mean = read_track_record(kept / "mean_returns.csv");
    check_kept(mean, by_ten_minutes(returns, "returns"));
    means.push_back(mean.value);
    if (trial != honesty["judged"].get<std::size_t>()) continue;
    BOOST_TEST(honesty["sharpe"].get<double>() ==
                   validation::measure_returns(read_track_record(kept / "returns.csv").value).sharpe,
               boost::test_tools::tolerance(1e-9));
    // What the job itself calls its median path comes to the same in the end.
    double total = 1;
    for (const double each : read_track_record(kept / "returns.csv").value) total *= 1 + each;
    const Json results = read_json(returns.parent_path() / "results.json");
    BOOST_TEST(total - 1 == results["models"]["logistic"]["backtest"]["total"].get<double>(),
               boost::test_tools::tolerance(1e-6));
  }
  std::vector<double> matrix;
  for (std::size_t row = 0; row < means[0].size(); ++row) {
    for (const std::vector<double>& each : means) matrix.push_back(each[row]);
  }
  const Json& found = honesty["overfitting"];
  BOOST_TEST(found["pbo"].get<double>() ==
             validation::backtest_overfitting(matrix, 4, {.blocks = found["blocks"].get<std::size_t>()}).pbo);
  BOOST_TEST(honesty["fold_scores"]["folds"] == 6);  // two of four groups
}
