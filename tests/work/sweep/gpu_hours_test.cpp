// What a study's trials cost, and sweeps that end by it.
#include <boost/test/unit_test.hpp>

#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/work/sweep/made_study.h"
#include "tests/work/sweep/sweep_workspace.h"
#include "work/sweep/config/sweep_config.h"
#include "work/sweep/run_sweep.h"
#include "work/sweep/study/gpu_hours.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

double hours_of(const MadeStudy& made, std::int64_t now, bool at_work = true) {
  return gpu_hours_of(made.journal(), now, [&](const std::string&) { return at_work; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(finished_and_running_trials_of_all_processes_cost) {
  MadeStudy made;
  made.request.gpus = 2;
  auto one = made.open();
  made.request.gpus = 0.5;
  auto other = made.open();
  const std::vector<Assignment> first = one->advance({}, 2).begin;
  BOOST_TEST(other->advance({}, 1).begin.size() == 1U);
  const std::int64_t begun = utc_now();
  // An hour later three trials run: 2 + 2 + 0.5.
  BOOST_TEST(hours_of(made, begun + kHour) == 4.5, boost::test_tools::tolerance(0.01));
  BOOST_TEST(hours_of(made, begun + kHour, false) == 0);
  // One of them has taken half an hour on two GPUs.
  one->advance(std::vector{end_of(first[0].number, {.values = std::vector{1.0}, .seconds = 1800})}, 0);
  BOOST_TEST(hours_of(made, begun + kHour) == 3.5, boost::test_tools::tolerance(0.01));
  other->advance({}, 0);
  BOOST_TEST(other->gpu_hours() == 1, boost::test_tools::tolerance(0.05));
  BOOST_TEST(one->gpu_hours() == 1, boost::test_tools::tolerance(0.05));
}

BOOST_AUTO_TEST_CASE(a_trial_that_waits_costs_what_it_has_cost) {
  MadeStudy made;
  made.request.gpus = 1;
  made.request.trials = 1;
  {
    auto one = made.open();
    const std::vector<Assignment> begun = one->advance({}, 1).begin;
    one->leave();
    one->advance(std::vector{end_of(begun.at(0).number, {.exit_code = 85, .asked_to_end = true, .seconds = 3600})}, 0);
  }
  BOOST_TEST(hours_of(made, utc_now() + 1000 * kHour) == 1, boost::test_tools::tolerance(1e-6));
  auto next = made.open();
  const std::vector<Assignment> again = next->advance({}, 1).begin;
  BOOST_REQUIRE(again.size() == 1U);
  next->advance(std::vector{end_of(again[0].number, {.values = std::vector{1.0}, .seconds = 7200})}, 0);
  BOOST_TEST(hours_of(made, utc_now()) == 3, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(a_trial_that_was_lost_costs_nothing_while_nobody_runs_it) {
  MadeStudy made;
  made.request.gpus = 1;
  in_a_process_that_dies([&] { made.open()->advance({}, 3); });
  BOOST_TEST(made.journal().trials.size() == 3U);
  BOOST_TEST(made.open()->gpu_hours() == 0);
}

BOOST_AUTO_TEST_CASE(trials_without_gpus_cost_none) {
  MadeStudy made;
  auto one = made.open();
  BOOST_TEST(one->advance({}, 1).begin.size() == 1U);
  BOOST_TEST(hours_of(made, utc_now() + kHour) == 0);
}

BOOST_AUTO_TEST_CASE(a_sweep_ends_when_its_gpu_hours_are_spent) {
  SweepWorkspace workspace;
  workspace.write_objective("sleep 0.2; echo '{\"value\": 1}'");
  workspace.tables = "[workers]\ngpus = 1\n[stop]\ngpu_hours = 1e-4\n";  // 0.36 s
  const LoadedSweepConfig config = load_sweep_config(workspace.config(), {});
  create_folders(workspace.study());
  SweepStudy study({.name = "made", .folder = workspace.study(), .trials = 30, .gpus = 1}, config.space.space,
                   sweep::make_sampler("random", {.space = &config.space.space, .objectives = 1, .trials = 30}),
                   config.values.make_pruner());
  const TrialProgram program(config.values, {"x"}, config.folder, workspace.folder.path());
  const SweepRun run = run_sweep(study, program, config.values, 1, GpuShare({"0"}, 1), {.quiet = true});
  BOOST_TEST((run.end == SweepEnd::enough));
  BOOST_TEST(holds(run.reason, "GPU-hours are spent, of stop.gpu_hours"));
  const std::size_t complete = workspace.count(sweep::TrialState::complete);
  BOOST_TEST(complete >= 1U);
  BOOST_TEST(complete <= 3U);
  workspace.tables = "[stop]\ngpu_hours = 1\n";
  const ProcessResult refused = workspace.run(40);
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds(refused.errors, "workers.gpus is 0"));
}
