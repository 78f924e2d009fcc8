// Who has which trial, what is known of it, and what becomes of it when processes come and go.
#include "work/sweep/study/sweep_study.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>

#include "tests/support/messages.h"
#include "tests/work/sweep/made_study.h"
#include "work/sweep/study/trial_result.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using sweep::TrialState;
namespace fs = std::filesystem;

BOOST_FIXTURE_TEST_SUITE(studies_and_their_processes, MadeStudy)

BOOST_AUTO_TEST_CASE(two_that_work_by_turns_run_each_trial_once_and_stop_at_the_number) {
  request.trials = 37;
  const auto one = open(), two = open();
  std::mt19937 random(1);
  std::map<SweepStudy*, std::vector<std::uint64_t>> running;
  std::multiset<std::uint64_t> begun;
  for (int turn = 0; turn < 1000 && !(one->is_done() && two->is_done()); ++turn) {
    SweepStudy& study = random() % 2 == 0 ? *one : *two;
    std::vector<std::uint64_t>& mine = running[&study];
    std::vector<TrialEvent> events;
    while (!mine.empty() && random() % 3 > 0) {
      const auto at = mine.begin() + static_cast<std::ptrdiff_t>(random() % mine.size());
      events.push_back(value_of(*at, static_cast<double>(*at)));
      mine.erase(at);
    }
    for (const Assignment& each : study.advance(events, 4 - mine.size()).begin) {
      mine.push_back(each.number);
      begun.insert(each.number);
    }
  }
  BOOST_TEST(begun.size() == 37U);
  BOOST_TEST((std::set(begun.begin(), begun.end()).size() == 37U));
  const sweep::Study found = journal();
  BOOST_TEST(count_of(found, TrialState::complete) == 37U);
  for (std::uint64_t number = 0; number < found.trials.size(); ++number)
    BOOST_TEST(found.trials[number].values.front() == static_cast<double>(number));
}

BOOST_AUTO_TEST_CASE(a_finished_study_has_nothing_to_begin_and_a_larger_number_goes_on) {
  BOOST_TEST(finish_alone(*open()) == 20U);
  BOOST_TEST(finish_alone(*open()) == 0U);
  BOOST_TEST(open()->is_done());
  request.trials = 23;
  const auto more = open();
  BOOST_TEST(!more->is_done());
  BOOST_TEST(finish_alone(*more) == 3U);
  BOOST_TEST(journal().trials.size() == 23U);
}

BOOST_AUTO_TEST_CASE(a_trial_has_its_values_in_the_journal_in_its_file_and_in_its_orders) {
  request.fixed = {{"steps", std::int64_t{1000}}};
  const auto study = open();
  const Assignment trial = study->advance({}, 1).begin.at(0);
  const sweep::Study found = journal();
  BOOST_REQUIRE(found.trials.at(0).parameters.size() == 2U);
  BOOST_TEST(found.trials[0].parameters[0].value == tried(trial, "x"));
  BOOST_TEST(found.trials[0].parameters[1].value == tried(trial, "n"));
  const toml::table file = parse_toml(read_file(trial.folder / "parameters.toml"), "parameters.toml");
  BOOST_TEST(file["x"].value<double>().value() == tried(trial, "x"));
  BOOST_TEST(file["n"].value<std::int64_t>().value() == static_cast<std::int64_t>(tried(trial, "n")));
  BOOST_TEST(file["steps"].value<std::int64_t>().value() == 1000);
}

BOOST_AUTO_TEST_CASE(a_result_that_the_journal_was_not_told_is_taken_up_and_not_made_again) {
  in_a_process_that_dies([&] {
    const auto study = open();
    for (const Assignment& each : study->advance({}, 3).begin) {
      if (each.number == 2) continue;
      const TrialState state = each.number == 0 ? TrialState::complete : TrialState::pruned;
      write_trial_result(result(each.number), {.number = each.number,
                                               .state = state,
                                               .values = {0.25},
                                               .reports = {{1, 0.5}, {2, 0.25}},
                                               .attributes = {{"note", "\"kept\""}},
                                               .completed = 1'800'000'000'000'000'000});
    }
  });
  const auto study = open();
  const StudyOrders orders = study->advance({}, 1);
  BOOST_REQUIRE(orders.begin.size() == 1U);
  BOOST_TEST(orders.begin[0].number == 2U);
  const sweep::Study found = journal();
  BOOST_TEST((found.trials.at(0).state == TrialState::complete));
  BOOST_TEST((found.trials.at(1).state == TrialState::pruned));
  for (const std::size_t number : {0U, 1U}) {
    const sweep::Trial& trial = found.trials[number];
    BOOST_TEST((trial.values == std::vector{0.25}));
    BOOST_TEST((trial.reports == std::vector<sweep::Report>{{1, 0.5}, {2, 0.25}}));
    BOOST_TEST(*find_attribute(trial.user, "note") == "\"kept\"");
    BOOST_TEST(trial.completed == 1'800'000'000'000'000'000);
  }
}

BOOST_AUTO_TEST_CASE(a_result_of_a_study_that_was_here_before_is_not_taken_for_one_of_this) {
  in_a_process_that_dies([&] { finish_alone(*open()); });
  fs::remove(folder / "journal.log");
  in_a_process_that_dies([&] { open()->advance({}, 1); });
  const StudyOrders orders = open()->advance({}, 1);
  BOOST_REQUIRE(orders.begin.size() == 1U);
  BOOST_TEST(orders.begin[0].number == 0U);
  BOOST_TEST(orders.begin[0].attempt == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_no_result_is_named_and_not_believed) {
  in_a_process_that_dies([&] {
    open()->advance({}, 1);
    write_file(result(0), R"({"trial": 1, "state": "COMPLETE"})");
  });
  BOOST_TEST(holds_all(refusal_of([&] { open()->advance({}, 1); }),
                       {result(0).string(), "it is of trial 1, and 0 was expected", "Delete it"}));
}

BOOST_AUTO_TEST_CASE(trials_of_a_process_that_was_killed_are_run_again_until_their_attempts_are_over) {
  request.retries = 2;
  for (unsigned attempt = 1; attempt <= 3; ++attempt) {
    in_a_process_that_dies([&] {
      const StudyOrders orders = open()->advance({}, 2);
      BOOST_REQUIRE(orders.begin.size() == 2U);
      for (const Assignment& each : orders.begin) {
        if (each.number > 1 || each.attempt != attempt) ::_exit(1);
      }
    });
  }
  const auto study = open();
  BOOST_TEST(finish_alone(*study) == 18U);
  const sweep::Study found = journal();
  for (const std::size_t number : {0U, 1U}) {
    BOOST_TEST((found.trials.at(number).state == TrialState::failed));
    BOOST_TEST(holds(*find_attribute(found.trials[number].user, "fail_reason"), "were lost"));
    BOOST_TEST(read_trial_result(result(number), number)->attempts == 3U);
  }
  BOOST_TEST(count_of(found, TrialState::complete) == 18U);
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_run_again_has_the_point_that_it_had) {
  std::vector<double> before;
  const fs::path note = folder / "before";
  in_a_process_that_dies([&] {
    std::string text;
    for (const Assignment& each : open()->advance({}, 4).begin) text += fmt::format("{}\n", tried(each, "x"));
    write_file(note, text);
  });
  std::string after;
  for (const Assignment& each : open()->advance({}, 4).begin) after += fmt::format("{}\n", tried(each, "x"));
  BOOST_TEST(after == read_file(note));
}

BOOST_AUTO_TEST_CASE(nobody_takes_the_trials_of_a_process_that_is_at_work) {
  const auto one = open(), two = open();
  BOOST_TEST((numbers_of(one->advance({}, 3).begin) == std::vector<std::uint64_t>{0, 1, 2}));
  BOOST_TEST((numbers_of(two->advance({}, 3).begin) == std::vector<std::uint64_t>{3, 4, 5}));
  BOOST_TEST(two->counts().running == 6U);
}

BOOST_AUTO_TEST_CASE(what_a_process_that_leaves_in_order_puts_down_goes_on_in_the_same_attempt) {
  request.retries = 0;
  const auto one = open();
  BOOST_TEST(one->advance({}, 4).begin.size() == 4U);
  one->leave();
  // Asked to end: one goes on later, one was killed for being slow, one had just finished, one has failed by itself.
  const StudyOrders last = one->advance(
      std::vector{end_of(0, {.exit_code = 85, .asked_to_end = true}),
                  end_of(1, {.exit_code = 128 + SIGKILL, .asked_to_end = true}),
                  end_of(2, {.asked_to_end = true, .values = std::vector{0.5}}), end_of(3, {.exit_code = 2})},
      0);
  BOOST_TEST(last.begin.empty());
  const auto two = open();
  const StudyOrders orders = two->advance({}, 4);
  BOOST_TEST((numbers_of(orders.begin) == std::vector<std::uint64_t>{0, 1, 4, 5}));
  for (const Assignment& each : orders.begin) BOOST_TEST(each.attempt == 1U);
  BOOST_TEST((journal().trials[2].values == std::vector{0.5}));
  BOOST_TEST((journal().trials[3].state == TrialState::failed));
}

BOOST_AUTO_TEST_CASE(a_failure_while_the_process_leaves_costs_that_trial_an_attempt_and_no_other) {
  request.retries = 1;
  const auto one = open();
  BOOST_TEST(one->advance({}, 3).begin.size() == 3U);
  BOOST_TEST(one->advance(std::vector{end_of(2, {.exit_code = 1})}, 0).begin.empty());
  one->leave();
  one->advance(std::vector{end_of(0, {.exit_code = 1}), end_of(1, {.exit_code = 85, .asked_to_end = true})}, 0);
  const StudyOrders orders = open()->advance({}, 3);
  BOOST_REQUIRE(orders.begin.size() == 3U);
  BOOST_TEST(orders.begin[0].attempt == 2U);
  BOOST_TEST(orders.begin[1].attempt == 1U);
  BOOST_TEST(orders.begin[2].attempt == 2U);
}

BOOST_AUTO_TEST_CASE(two_processes_do_not_both_take_what_a_third_has_left) {
  in_a_process_that_dies([&] { open()->advance({}, 3); });
  const auto one = open(), two = open();
  const std::vector<std::uint64_t> mine = numbers_of(one->advance({}, 2).begin);
  const std::vector<std::uint64_t> yours = numbers_of(two->advance({}, 2).begin);
  BOOST_TEST((mine == std::vector<std::uint64_t>{0, 1}));
  BOOST_TEST((yours == std::vector<std::uint64_t>{2, 3}));
}

BOOST_AUTO_TEST_CASE(of_two_processes_that_ran_one_trial_the_first_result_stays) {
  const auto one = open();
  one->advance({}, 1);
  // To the other it looks as if this one were gone.
  for (const auto& each : fs::directory_iterator(folder / "workers")) {
    Json content = read_json(each.path());
    content["process_start"] = 1;
    write_file(each.path(), json_text(content));
  }
  const auto two = open();
  BOOST_TEST((numbers_of(two->advance({}, 1).begin) == std::vector<std::uint64_t>{0}));
  two->advance(std::vector{value_of(0, 0.25)}, 0);
  one->advance(std::vector{value_of(0, 0.75)}, 0);
  BOOST_TEST((journal().trials.at(0).values == std::vector{0.25}));
  BOOST_TEST((read_trial_result(result(0), 0)->values == std::vector{0.25}));
}

BOOST_AUTO_TEST_CASE(a_trial_of_a_program_that_is_not_ours_is_left_to_it_and_not_waited_for) {
  request.trials = 3;
  finish_alone(*open());
  request.trials = 5;
  sweep::RecordText records("somebody-else");
  records.create_trial(0, 1'800'000'000'000'000'000);
  sweep::JournalWriter(folder / "journal.log").append(records.take());
  const auto study = open();
  BOOST_TEST(finish_alone(*study) == 1U);
  BOOST_TEST((journal().trials.at(3).state == TrialState::running));
  BOOST_TEST(study->is_done());
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_no_result_that_was_kept_and_the_next_call_goes_on) {
  const TemporaryFolder place;
  if (::mount("none", place.path().c_str(), "tmpfs", 0, "size=128k") != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: no file system can be mounted here");
    return;
  }
  request.folder = place.path();
  request.trials = 200;
  request.retries = 5;
  std::map<std::uint64_t, double> kept;
  bool filled = false;
  try {
    const auto study = open();
    for (std::vector<TrialEvent> events; kept.size() < 200;) {
      const StudyOrders orders = study->advance(events, 1);
      for (const TrialEvent& each : events) kept[each.number] = each.end->values->front();
      events = {value_of(orders.begin.at(0).number, 0.125 * static_cast<double>(kept.size()))};
    }
  } catch (const IoError& error) {
    filled = true;
    BOOST_TEST(holds(error.what(), place.path().string()));
  }
  BOOST_TEST(filled);
  BOOST_TEST(kept.size() > 2U);
  BOOST_TEST((sweep::read_journal(place / "journal.log").at(0).trials.size() >= kept.size()));
  BOOST_REQUIRE(::mount("none", place.path().c_str(), "tmpfs", MS_REMOUNT, "size=8m") == 0);
  {
    // The process lives on in this test, so that its trial is not taken for lost: the others go on.
    for (const auto& each : fs::directory_iterator(place / "workers")) fs::remove(each.path());
    request.silence = std::chrono::milliseconds(0);
    const auto study = open();
    for (int turn = 0; turn < 3 && !study->is_done(); ++turn) finish_alone(*study);
    const sweep::Study found = sweep::read_journal(place / "journal.log").at(0);
    BOOST_TEST(found.trials.size() == 200U);
    BOOST_TEST(count_of(found, TrialState::complete) == 200U);
    for (const auto& [number, value] : kept) BOOST_TEST(found.trials.at(number).values.front() == value);
  }
  ::umount(place.path().c_str());
}

BOOST_AUTO_TEST_SUITE_END()
