// What became of a run's elements, from their records, from what was asked, and from what the place says.
#include "cluster/run/run_status.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "cluster/run/wanted_elements.h"
#include "tests/cluster/run/made_run.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

constexpr const char* kChain =
    "[step.one]\ncommand = [\"true\"]\narray = { seeds = 3 }\n"
    "[step.two]\ncommand = [\"true\"]\narray = { seeds = 3 }\nafter_element = [\"one\"]\n"
    "[step.three]\ncommand = [\"true\"]\nafter = [\"two\"]\n"
    "[step.four]\ncommand = [\"true\"]\nafter_any = [\"two\"]\n";

const PlaceView kNothing{.answered = true, .why_not = {}};
const PlaceView kSilent{.answered = false, .why_not = "away"};

PlaceWord pending(const std::string& reason = {}) {
  return {.state = PlaceWord::State::pending, .name = "PENDING", .reason = reason};
}
PlaceWord running() {
  return {.state = PlaceWord::State::running, .name = "RUNNING"};
}
PlaceWord over(const std::string& name, const std::string& reason = {}, const std::string& exit = {}) {
  return {.state = PlaceWord::State::over, .name = name, .reason = reason, .exit = exit};
}

ElementStatus only(const MadeRun& made, const PlaceView& view, std::size_t element = 0) {
  return made.status(view).step("one").elements.at(element);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(states_of_elements)

BOOST_AUTO_TEST_CASE(what_was_never_submitted_is_said_so) {
  const MadeRun made(kChain);
  BOOST_TEST((only(made, kNothing).state == ElementState::not_submitted));
  // An intent that the place knows nothing of.
  made.events().begin_submission({.step = "one", .elements = {0, 1, 2}, .comment = "c", .time = utc_now()});
  BOOST_TEST((only(made, kNothing).state == ElementState::not_submitted));
  BOOST_TEST((only(made, kSilent).state == ElementState::waiting));  // it may be there
}

BOOST_AUTO_TEST_CASE(a_place_says_what_waits_and_what_runs) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  const ElementStatus waits = only(made, view_with("one", 0, pending("Priority")));
  BOOST_TEST((waits.state == ElementState::waiting));
  BOOST_TEST(waits.why == "Priority");
  BOOST_TEST((only(made, view_with("one", 0, running())).state == ElementState::running));
  made.attempt("one", 0, 1, "7_0", std::nullopt);
  BOOST_TEST((only(made, view_with("one", 0, running())).state == ElementState::running));
  BOOST_TEST((only(made, kSilent).state == ElementState::running));
}

BOOST_AUTO_TEST_CASE(an_attempt_without_an_end_that_nobody_runs_was_lost) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  made.attempt("one", 0, 1, "7_0", std::nullopt);
  BOOST_TEST((only(made, kNothing).state == ElementState::failed));
  BOOST_TEST(holds(only(made, kNothing).why, "lost"));
  BOOST_TEST(holds(only(made, view_with("one", 0, over("NODE_FAIL"))).why, "node"));
  BOOST_TEST(only(made, view_with("one", 0, over("OUT_OF_MEMORY"))).why == "out of memory");
  BOOST_TEST((only(made, view_with("one", 0, pending())).state == ElementState::again));
}

BOOST_AUTO_TEST_CASE(between_attempts_it_is_tried_again_as_long_as_the_place_has_it) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  made.attempt("one", 0, 1, "7_0", StepEnd::time_limit);
  BOOST_TEST((only(made, view_with("one", 0, pending("BeginTime"))).state == ElementState::again));
  BOOST_TEST((only(made, kNothing).state == ElementState::failed));
  made.attempt("one", 1, 1, "7_1", StepEnd::error);  // of which nothing is tried again
  BOOST_TEST((only(made, view_with("one", 1, running()), 1).state == ElementState::failed));
}

BOOST_AUTO_TEST_CASE(success_on_record_is_not_taken_back) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  made.attempt("one", 0, 1, "7_0", StepEnd::succeeded);
  for (const PlaceView& view : {kNothing, kSilent, view_with("one", 0, over("FAILED")), view_with("one", 0, running())})
    BOOST_TEST((only(made, view).state == ElementState::succeeded));
}

BOOST_AUTO_TEST_CASE(what_never_began_says_why) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  BOOST_TEST(holds(only(made, view_with("one", 0, over("FAILED", "", "0:53"))).why, "log"));
  BOOST_TEST((only(made, view_with("one", 0, over("CANCELLED"))).state == ElementState::cancelled));
  BOOST_TEST(holds(only(made, kNothing).why, "forgotten"));
}

BOOST_AUTO_TEST_CASE(an_element_that_failed_and_was_submitted_again_waits) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  made.attempt("one", 0, 1, "7_0", StepEnd::error);
  made.submit("one", {0}, "8");
  BOOST_TEST((only(made, view_with("one", 0, pending())).state == ElementState::again));
  made.attempt("one", 0, 2, "8_0", StepEnd::error);
  BOOST_TEST((only(made, kNothing).state == ElementState::failed));
}

BOOST_AUTO_TEST_CASE(what_is_cancelled_stays_so_until_it_is_submitted_again) {
  const MadeRun made(kChain);
  made.submit("one", {0, 1, 2}, "7");
  made.events().cancel({.step = "one", .elements = {0, 2}, .why = "nobody wants it"});
  BOOST_TEST((only(made, kNothing).state == ElementState::cancelled));
  BOOST_TEST(only(made, kNothing).why == "nobody wants it");
  BOOST_TEST((only(made, kNothing, 1).state == ElementState::failed));
  made.submit("one", {0}, "8");
  BOOST_TEST((only(made, view_with("one", 0, pending())).state == ElementState::waiting));
}

BOOST_AUTO_TEST_CASE(what_comes_after_a_failure_is_blocked) {
  const MadeRun made(kChain);
  for (const char* step : {"one", "two"}) made.submit(step, {0, 1, 2}, step);
  made.submit("three", {0}, "t");
  made.submit("four", {0}, "f");
  for (std::size_t each : {0, 2}) {
    made.attempt("one", each, 1, "one_x", StepEnd::succeeded);
    made.attempt("two", each, 1, "two_x", StepEnd::succeeded);
  }
  made.attempt("one", 1, 1, "one_1", StepEnd::error);
  made.attempt("four", 0, 1, "f", StepEnd::succeeded);
  const RunStatus now = made.status(kNothing);
  BOOST_TEST((now.step("two").elements[1].state == ElementState::blocked));
  BOOST_TEST((now.step("three").elements[0].state == ElementState::blocked));
  BOOST_TEST(now.is_over());
  BOOST_TEST(!now.succeeded());
  BOOST_TEST((now.step("one").state() == ElementState::failed));

  // What is tried again is the one, and all that waited for it.
  const WantedElements wanted = unfinished_elements(made.run.job, now);
  BOOST_TEST(wanted.size() == 3U);
  BOOST_TEST(wanted.at("one") == std::vector<std::size_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(wanted.at("two") == std::vector<std::size_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(wanted.contains("three"));
  BOOST_TEST(
      holds(message_of<ConfigError>([&] { unfinished_elements(made.run.job, now, "tow"); }), "Did you mean 'two'"));
}

BOOST_AUTO_TEST_CASE(of_several_failures_one_can_be_tried_again_without_what_waits_for_the_others) {
  const MadeRun made(kChain);
  for (const char* step : {"one", "two"}) made.submit(step, {0, 1, 2}, step);
  made.submit("three", {0}, "t");
  made.attempt("one", 0, 1, "one_0", StepEnd::succeeded);
  made.attempt("one", 1, 1, "one_1", StepEnd::error);
  made.attempt("one", 2, 1, "one_2", StepEnd::error);
  PlaceView view = kNothing;
  view.words[{"two", 0}] = running();
  const RunStatus now = made.status(view);
  const WantedElements wanted = unfinished_elements(made.run.job, now, "one", {2});
  BOOST_TEST(wanted.at("one") == std::vector<std::size_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(wanted.at("two") == std::vector<std::size_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(!wanted.contains("three"));  // its other parts are blocked still
  const WantedElements open = open_elements(made.run.job, now);
  BOOST_TEST(open.at("two") == std::vector<std::size_t>{0}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_step_is_cancelled_with_all_that_comes_after_it_and_is_not_over) {
  const MadeRun made(kChain);
  for (const char* step : {"one", "two"}) made.submit(step, {0, 1, 2}, step);
  made.submit("three", {0}, "t");
  made.attempt("one", 0, 1, "one_0", StepEnd::succeeded);
  PlaceView view = kNothing;
  for (std::size_t each : {0, 1, 2}) {
    view.words[{"one", each}] = running();
    view.words[{"two", each}] = pending();
  }
  view.words[{"three", 0}] = pending();
  const WantedElements chosen = with_dependents(made.run.job, made.status(view), "one", {0, 1});
  BOOST_TEST(chosen.at("one") == std::vector<std::size_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(chosen.at("two") == std::vector<std::size_t>{1}, boost::test_tools::per_element());
  BOOST_TEST(chosen.contains("three"));
}

BOOST_AUTO_TEST_CASE(a_step_waits_for_what_its_records_do_not_say) {
  const MadeRun made(kChain);
  StepRecords records(made.run.folder);
  BOOST_TEST(holds(what_is_missing(made.run, records, made.run.job.step("two"), 1), "element 1 of two comes after"));
  made.attempt("one", 1, 1, "x", StepEnd::succeeded);
  BOOST_TEST(what_is_missing(made.run, records, made.run.job.step("two"), 1).empty());
  BOOST_TEST(holds(what_is_missing(made.run, records, made.run.job.step("three"), 0), "three comes after two"));
}

BOOST_AUTO_TEST_CASE(a_run_is_found_by_what_people_call_it) {
  const MadeRun made(kChain);
  const JobRun again = open_job_run(find_job_run(made.folder.path(), "latest"));
  BOOST_TEST(again.id() == made.run.id());
  BOOST_TEST(again.workspace == made.folder.path());
  std::vector<std::string> names;
  for (const JobStep& each : again.job.steps) names.push_back(each.name);
  BOOST_TEST(names == (std::vector<std::string>{"one", "two", "three", "four"}), boost::test_tools::per_element());
  BOOST_TEST(find_job_run(made.folder.path(), "made") == made.run.folder);
  BOOST_TEST(find_job_run(made.folder.path(), made.run.folder.string() + "/") == made.run.folder);
  BOOST_TEST(holds(message_of<ConfigError>([&] { find_job_run(made.folder.path(), "mdae"); }), "Did you mean 'made'"));
}

BOOST_AUTO_TEST_SUITE_END()
