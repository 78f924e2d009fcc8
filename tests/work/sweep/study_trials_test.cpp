// What a study tries, what it hears of it, and how trials end.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "tests/support/messages.h"
#include "tests/work/sweep/made_study.h"
#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/study/trial_result.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using sweep::TrialState;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

// Points and values by number: what a study is, whoever ran it and when.
std::vector<std::pair<std::vector<double>, std::vector<double>>> substance(const sweep::Study& study) {
  std::vector<std::pair<std::vector<double>, std::vector<double>>> out;
  for (const sweep::Trial& trial : study.trials) {
    std::vector<double> point;
    for (const sweep::TrialParameter& each : trial.parameters) point.push_back(each.value);
    std::vector<double> values = trial.values;
    values.push_back(static_cast<double>(trial.state));
    out.emplace_back(std::move(point), std::move(values));
  }
  return out;
}

// A study of fixed order by so many processes that have two slots each; trials last as the dice fall.
sweep::Study run_in_fixed_order(const std::string& sampler, std::size_t processes, unsigned seed) {
  MadeStudy made;
  made.sampler = sampler;
  made.request.trials = 40;
  made.request.lag = 6;
  made.request.enqueued = {{{"x", 1.5}, {"n", std::int64_t{3}}}, {{"x", -1.5}}};
  std::vector<std::unique_ptr<SweepStudy>> studies;
  for (std::size_t i = 0; i < processes; ++i) studies.push_back(made.open());
  std::vector<std::vector<Assignment>> running(processes);
  std::mt19937 random(seed);
  const std::size_t slots = processes == 6 ? 1 : 2;
  for (int turn = 0; turn < 20'000 && !studies.front()->is_done(); ++turn) {
    const std::size_t who = random() % processes;
    std::vector<TrialEvent> events;
    std::vector<Assignment>& mine = running[who];
    std::ranges::shuffle(mine, random);
    while (!mine.empty() && random() % 2 == 0) {
      const Assignment& trial = mine.back();
      const double x = tried(trial, "x"), n = tried(trial, "n");
      events.push_back(trial.number % 7 == 5 ? end_of(trial.number, {.exit_code = 2})
                                             : value_of(trial.number, x * x + 0.01 * n));
      mine.pop_back();
    }
    for (Assignment& each : studies[who]->advance(events, slots - mine.size()).begin) mine.push_back(std::move(each));
  }
  studies.front()->advance({}, 0);
  BOOST_TEST(studies.front()->is_done());
  return made.journal();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(what_a_study_tries, MadeStudy)

BOOST_AUTO_TEST_CASE(a_study_of_fixed_order_is_the_same_for_any_number_of_processes) {
  for (const char* each : {"random", "tpe", "qmc"}) {
    const auto expected = substance(run_in_fixed_order(each, 1, 1));
    BOOST_TEST(expected.size() == 40U);
    for (const std::size_t processes : {2U, 3U, 6U}) {
      for (unsigned seed = 1; seed <= 3; ++seed)
        BOOST_TEST((substance(run_in_fixed_order(each, processes, seed)) == expected),
                   each << " with " << processes << " processes, seed " << seed);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_fixed_order_a_trial_waits_for_the_one_that_it_must_know) {
  request.lag = 3;
  const auto study = open();
  BOOST_TEST((numbers_of(study->advance({}, 10).begin) == std::vector<std::uint64_t>{0, 1, 2}));
  BOOST_TEST(study->advance(std::vector{value_of(1, 1), value_of(2, 1)}, 10).begin.empty());
  BOOST_TEST(
      (numbers_of(study->advance(std::vector{value_of(0, 1)}, 10).begin) == std::vector<std::uint64_t>{3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(in_fixed_order_what_is_pruned_does_not_depend_on_when_reports_arrive) {
  pruner = sweep::PrunerKind::threshold;
  pruning.upper = 10;
  request.lag = 2;
  const std::vector<sweep::Report> reports{{1, 5}, {2, 20}, {3, 1}, {4, 2}};
  const auto run = [&](const std::function<std::vector<TrialEvent>(const std::vector<sweep::Report>&)>& events) {
    MadeStudy made;
    made.pruner = pruner;
    made.pruning = pruning;
    made.request.lag = 2;
    const auto study = made.open();
    study->advance({}, 1);
    for (const TrialEvent& each : events(reports)) study->advance(std::vector{each}, 0);
    if (study->counts().running > 0)
      study->advance(std::vector{end_of(0, {.exit_code = 128 + SIGTERM, .asked_to_end = true})}, 0);
    return made.journal().trials.at(0);
  };
  const auto one_by_one = run([](const auto& all) {
    std::vector<TrialEvent> out;
    for (const sweep::Report& each : all) out.push_back(report_of(0, {each}));
    return out;
  });
  const auto at_once = run([](const auto& all) { return std::vector{report_of(0, all)}; });
  const auto with_the_end = run([](const auto& all) {
    TrialEvent event = value_of(0, 2);
    event.reports = all;
    return std::vector{event};
  });
  for (const sweep::Trial& trial : {one_by_one, at_once, with_the_end}) {
    BOOST_TEST((trial.state == TrialState::pruned));
    BOOST_TEST((trial.values == std::vector{20.0}));
    BOOST_TEST((trial.reports == std::vector<sweep::Report>{{1, 5}, {2, 20}}));
  }
}

BOOST_AUTO_TEST_CASE(enqueued_points_come_first_and_once_in_a_studys_life) {
  request.enqueued = {{{"x", 1.25}, {"n", std::int64_t{8}}}, {{"x", -2.5}}};
  const auto study = open();
  const StudyOrders orders = study->advance({}, 3);
  BOOST_REQUIRE(orders.begin.size() == 3U);
  BOOST_TEST(tried(orders.begin[0], "x") == 1.25);
  BOOST_TEST(tried(orders.begin[0], "n") == 8);
  BOOST_TEST(tried(orders.begin[1], "x") == -2.5);
  BOOST_TEST((tried(orders.begin[1], "n") >= 1 && tried(orders.begin[1], "n") <= 64));
  BOOST_TEST((tried(orders.begin[2], "x") != 1.25 && tried(orders.begin[2], "x") != -2.5));
  study->leave();
  request.enqueued.push_back({{"x", 4.5}});
  const auto again = open();
  BOOST_TEST(again->counts().waiting == 1U);
  BOOST_TEST(tried(again->advance({}, 1).begin.at(0), "x") == 4.5);
  BOOST_TEST(journal().trials.size() == 4U);
}

BOOST_AUTO_TEST_CASE(enqueued_points_count_towards_the_number) {
  request.trials = 2;
  request.enqueued = {{{"x", 1.0}}, {{"x", 2.0}}, {{"x", 3.0}}};
  const auto study = open();
  BOOST_TEST(finish_alone(*study) == 2U);
  BOOST_TEST(study->is_done());
  BOOST_TEST(count_of(journal(), TrialState::waiting) == 1U);
}

BOOST_AUTO_TEST_CASE(a_grid_that_is_tried_is_a_study_that_is_done) {
  space = "n = { int = [1, 4] }\nk = { choice = [\"a\", \"b\", \"c\"] }\n";
  sampler = "grid";
  request.trials = 100;
  const auto one = open(), two = open();
  std::set<std::vector<double>> points;
  for (int turn = 0; turn < 100 && !(one->is_done() && two->is_done()); ++turn) {
    SweepStudy& study = turn % 2 == 0 ? *one : *two;
    for (const Assignment& each : study.advance({}, 2).begin) study.advance(std::vector{value_of(each.number, 1)}, 0);
  }
  BOOST_TEST((one->is_done() && two->is_done()));
  const sweep::Study found = journal();
  BOOST_TEST(found.trials.size() == 12U);
  for (const auto& [point, values] : substance(found)) points.insert(point);
  BOOST_TEST(points.size() == 12U);
  const auto again = open();
  BOOST_TEST(again->advance({}, 5).begin.empty());
  BOOST_TEST(again->is_done());
}

BOOST_AUTO_TEST_CASE(a_range_may_change_and_a_parameter_may_go_and_the_user_is_told) {
  finish_alone(*open());
  space = "x = { float = [-1.0, 1.0] }\nm = { int = [0, 3] }\n";
  request.trials = 30;
  sampler = "tpe";
  const auto study = open();
  BOOST_REQUIRE(study->notes().size() == 2U);
  BOOST_TEST(holds(study->notes()[0], "n was a parameter of earlier trials"));
  BOOST_TEST(holds(study->notes()[1], "the range of x has changed"));
  BOOST_TEST(finish_alone(*study) == 10U);
  const sweep::Study found = journal();
  for (std::size_t number = 20; number < 30; ++number)
    BOOST_TEST(std::fabs(found.trials.at(number).parameters.at(0).value) <= 1);
}

BOOST_AUTO_TEST_CASE(what_is_not_the_same_parameter_any_more_is_refused_by_name) {
  space = "x = { float = [0.1, 5.0] }\nopt = { choice = [\"adam\", \"sgd\"] }\n";
  finish_alone(*open());
  const std::string before = read_file(folder / "journal.log");
  for (const auto& [changed, name] :
       {std::pair("x = { float = [0.1, 5.0] }\nopt = { choice = [\"adam\", \"lion\"] }\n", "opt"),
        std::pair("x = { float = [0.1, 5.0], log = true }\nopt = { choice = [\"adam\", \"sgd\"] }\n", "x"),
        std::pair("x = { int = [1, 5] }\nopt = { choice = [\"adam\", \"sgd\"] }\n", "x")}) {
    space = changed;
    const std::string message = refusal_of([&] { open(); });
    BOOST_TEST(holds_all(message, {std::string(name) + ": the study made has trials with", "another sweep.name"}));
  }
  BOOST_TEST(read_file(folder / "journal.log") == before);
}

BOOST_AUTO_TEST_CASE(other_directions_are_refused) {
  finish_alone(*open());
  request.directions = {sweep::Direction::maximize};
  BOOST_TEST(holds(refusal_of([&] { open(); }), "has other directions than sweep.direction says"));
}

BOOST_AUTO_TEST_CASE(reports_are_in_the_journal_at_once_and_the_other_process_hears_them) {
  const auto one = open(), two = open();
  one->advance({}, 1);
  one->advance(std::vector{report_of(0, {{1, 0.5}, {3, kNaN}}), report_of(0, {{2, 0.25}, {1, 7}})}, 0);
  two->advance({}, 0);
  for (const sweep::Trial& trial : {journal().trials.at(0), two->study().trials.at(0)}) {
    BOOST_REQUIRE(trial.reports.size() == 3U);
    BOOST_TEST((trial.reports[0] == sweep::Report{1, 0.5}));
    BOOST_TEST((trial.reports[1] == sweep::Report{2, 0.25}));
    BOOST_TEST(std::isnan(trial.reports[2].value));
  }
  BOOST_TEST(two->history().trials()[0].reports.size() == 3U);
  // In a study that maximises samplers and pruners see losses.
  one->advance(std::vector{value_of(0, 0.5)}, 0);
  BOOST_TEST(read_trial_result(result(0), 0)->reports.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_worse_than_most_is_given_up_whoever_ran_the_others) {
  request.directions = {sweep::Direction::maximize};
  pruner = sweep::PrunerKind::median;
  pruning.startup_trials = 4;
  const auto one = open(), two = open();
  for (std::uint64_t number = 0; number < 4; ++number) {
    one->advance({}, 1);
    one->advance(std::vector{report_of(number, {{1, 0.8}})}, 0);
    one->advance(std::vector{value_of(number, 0.9)}, 0);
  }
  BOOST_TEST((numbers_of(two->advance({}, 2).begin) == std::vector<std::uint64_t>{4, 5}));
  const StudyOrders orders = two->advance(std::vector{report_of(4, {{1, 0.7}}), report_of(5, {{1, 0.81}})}, 0);
  BOOST_TEST((orders.prune == std::vector<std::uint64_t>{4}));
  // It may say more before it is gone, and end as it likes.
  two->advance(std::vector{report_of(4, {{2, 0.99}})}, 0);
  two->advance(std::vector{end_of(4, {.exit_code = 1, .asked_to_end = true}), value_of(5, 0.9)}, 0);
  const sweep::Study found = journal();
  BOOST_TEST((found.trials.at(4).state == TrialState::pruned));
  BOOST_TEST((found.trials.at(4).values == std::vector{0.7}));
  BOOST_TEST((found.trials.at(5).state == TrialState::complete));
}

BOOST_AUTO_TEST_CASE(rungs_of_successive_halving_are_what_optuna_calls_them_and_reach_the_other_process) {
  pruner = sweep::PrunerKind::successive_halving;
  pruning.min_resource = 1;
  pruning.reduction_factor = 2;
  const auto one = open(), two = open();
  one->advance({}, 2);
  one->advance(std::vector{report_of(0, {{1, 0.25}}), report_of(1, {{1, -kInfinity}})}, 0);
  const sweep::Study found = journal();
  BOOST_REQUIRE(find_attribute(found.trials.at(0).system, "completed_rung_0") != nullptr);
  BOOST_TEST(*find_attribute(found.trials[0].system, "completed_rung_0") == "0.25");
  BOOST_TEST(*find_attribute(found.trials.at(1).system, "completed_rung_0") == "-Infinity");
  two->advance({}, 0);
  BOOST_TEST((two->history().trials()[0].rungs == std::vector{0.25}));
  BOOST_TEST((two->history().trials()[1].rungs == std::vector{-kInfinity}));
  BOOST_TEST(open()->history().rung_passes().size() == 2U);
}

BOOST_AUTO_TEST_CASE(how_a_program_ended_decides_what_becomes_of_its_trial) {
  struct Case {
    TrialEnd end;
    unsigned attempts;  // until it is over
    TrialState state;
    std::string reason;
  };
  const std::vector<Case> cases{
      {{.values = std::vector{0.5}}, 1, TrialState::complete, ""},
      {{.values = std::vector{-kInfinity}}, 1, TrialState::complete, ""},
      {{.values = std::vector{kNaN}}, 1, TrialState::failed, "its value is NaN"},
      {{}, 1, TrialState::failed, "without a line of JSON that has `value`"},
      {{.complaint = "its `value` is null, and no number"}, 1, TrialState::failed, "its `value` is null"},
      {{.exit_code = 1, .values = std::vector{0.5}}, 3, TrialState::failed, "it ended with status 1"},
      {{.exit_code = 2}, 1, TrialState::failed, "it ended with status 2"},
      {{.exit_code = 3, .values = std::vector{0.5}}, 1, TrialState::failed, "it ended with status 3"},
      {{.exit_code = 128 + SIGKILL}, 3, TrialState::failed, "it was killed (signal 9), perhaps for want of memory"},
      {{.exit_code = 128 + SIGSEGV}, 3, TrialState::failed, "it was ended by signal 11"},
      {{.exit_code = 128 + SIGTERM, .timed_out = true}, 3, TrialState::failed, "trial.time_limit"},
      {{.exit_code = 127, .not_started = "cannot start ./gone: No such file"}, 1, TrialState::failed, "./gone"}};
  request.retries = 2;
  request.trials = cases.size();
  const auto study = open();
  for (const Case& each : cases) {
    StudyOrders orders = study->advance({}, 1);
    const std::uint64_t number = orders.begin.at(0).number;
    unsigned attempts = 0;
    while (!orders.begin.empty() && orders.begin[0].number == number && attempts < 10) {
      BOOST_TEST(orders.begin[0].attempt == ++attempts);
      study->advance(std::vector{end_of(number, each.end)}, 0);
      if (sweep::is_finished(study->study().trials[number].state)) break;
      orders = study->advance({}, 1);
    }
    const sweep::Trial& trial = study->study().trials[number];
    BOOST_TEST_CONTEXT("trial " << number << ": " << each.reason) {
      BOOST_TEST(attempts == each.attempts);
      BOOST_TEST((trial.state == each.state));
      const std::string* reason = find_attribute(trial.user, "fail_reason");
      BOOST_TEST((reason == nullptr) == each.reason.empty());
      if (reason != nullptr) BOOST_TEST(holds(parse_json(*reason, "it").get<std::string>(), each.reason));
      const auto kept = read_trial_result(result(number), number);
      BOOST_REQUIRE(kept.has_value());
      BOOST_TEST((kept->state == each.state));
      BOOST_TEST((kept->values == trial.values));
      BOOST_TEST(kept->attempts == each.attempts);
    }
  }
  BOOST_TEST(study->is_done());
  BOOST_TEST(best_trial(study->study())->value == -kInfinity);
  BOOST_TEST(json_text(study_json({.journal = study->journal(), .study = study->study()})).find("\"-Infinity\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_job_whose_gates_are_not_met_has_a_value_and_a_job_that_stops_goes_on) {
  request.are_jobs = true;
  const auto study = open();
  study->advance({}, 2);
  const StudyOrders orders = study->advance(
      std::vector{end_of(0, {.exit_code = 3, .values = std::vector{0.5}}), end_of(1, {.exit_code = 85})}, 2);
  BOOST_TEST((journal().trials.at(0).state == TrialState::complete));
  BOOST_TEST((numbers_of(orders.begin) == std::vector<std::uint64_t>{1, 2}));
  BOOST_TEST(orders.begin[0].attempt == 1U);
}

BOOST_AUTO_TEST_CASE(a_trial_that_breaks_a_constraint_is_never_the_best_and_can_be_read_back) {
  const auto study = open();
  study->advance({}, 4);
  TrialEnd broken{.values = std::vector{0.1}, .violation = 0.5};
  TrialEnd unknown{.values = std::vector{0.05}, .violation = kInfinity};
  study->advance(std::vector{value_of(0, 3), end_of(1, broken), value_of(2, 2), end_of(3, unknown)}, 0);
  for (const sweep::Study& found : {journal(), open()->study(), study->study()}) {
    BOOST_TEST(violation_of(found.trials.at(0)) == 0);
    BOOST_TEST(violation_of(found.trials.at(1)) == 0.5);
    BOOST_TEST(violation_of(found.trials.at(3)) == kInfinity);
    BOOST_TEST(best_trial(found)->number == 2U);
  }
  BOOST_TEST(open()->history().trials()[3].violation == kInfinity);
  BOOST_TEST(read_trial_result(result(3), 3)->violation == kInfinity);
}

BOOST_AUTO_TEST_CASE(several_objectives_are_kept_and_one_that_is_no_number_fails_the_trial) {
  request.directions = {sweep::Direction::minimize, sweep::Direction::maximize};
  const auto study = open();
  study->advance({}, 4);
  study->advance(
      std::vector{end_of(0, {.values = std::vector{1.0, 1.0}}), end_of(1, {.values = std::vector{2.0, 3.0}}),
                  end_of(2, {.values = std::vector{2.0, kNaN}}), end_of(3, {.values = std::vector{2.0, 2.0}})},
      0);
  const sweep::Study found = journal();
  BOOST_TEST((found.trials.at(1).values == std::vector{2.0, 3.0}));
  BOOST_TEST((found.trials.at(2).state == TrialState::failed));
  BOOST_TEST((front_of(found) == std::vector<std::uint64_t>{0, 1}));
}

BOOST_AUTO_TEST_CASE(a_flood_of_reports_takes_seconds_and_not_hours) {
  const auto study = open();
  study->advance({}, 1);
  TrialEvent event = value_of(0, 1);
  for (std::int64_t step = 0; step < 300'000; ++step) event.reports.push_back({step, static_cast<double>(step)});
  const auto began = std::chrono::steady_clock::now();
  TrialEvent first = event;
  first.end.reset();
  study->advance(std::vector{first}, 0);
  study->advance(std::vector{event}, 0);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(60)));
  BOOST_TEST(journal().trials.at(0).reports.size() == 300'000U);
}

BOOST_AUTO_TEST_SUITE_END()
