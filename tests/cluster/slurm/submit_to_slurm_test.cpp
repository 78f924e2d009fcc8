// Which calls of sbatch a job becomes, and what squeue and sacct say.
#include "cluster/slurm/submit_to_slurm.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "base/error.h"
#include "cluster/slurm/slurm_view.h"
#include "tests/cluster/run/made_run.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

constexpr const char* kSteps =
    "[step.one]\ncommand = [\"true\"]\nmemory = \"1G\"\narray = { seeds = 7, at_a_time = 2 }\n"
    "[step.each]\ncommand = [\"true\"]\nmemory = \"1G\"\narray = { seeds = 7 }\nafter_element = [\"one\"]\n"
    "[step.all]\ncommand = [\"true\"]\nmemory = \"1G\"\nafter = [\"each\"]\nafter_any = [\"one\"]\n";

const PlaceView kNothing{.answered = true, .why_not = {}};

std::vector<SbatchCall> calls_of(const MadeRun& made, const RunStatus& status, const WantedElements& wanted,
                                 std::size_t max_array = 5) {
  return sbatch_calls(made.run, made.events(), status, wanted, write_sbatch_scripts(made.run, max_array));
}

// The options with comments shortened to STEP/FIRST/NUMBER where numbers of Slurm's will stand.
std::string text_of(const SbatchCall& call) {
  std::string out = call.script;
  for (std::string each : call.options) {
    if (each.starts_with("--comment")) continue;
    std::erase(each, '\x01');
    std::erase(each, '\x02');
    out += " " + each;
  }
  return out;
}

std::string without_run(std::string text, const MadeRun& made) {
  const std::string name = "moola:" + made.run.id() + ":";
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) text.erase(at, name.size());
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calls_of_sbatch)

BOOST_AUTO_TEST_CASE(arrays_come_in_pieces_that_wait_for_each_other) {
  const MadeRun made(kSteps);
  std::vector<std::string> texts;
  for (const SbatchCall& each : calls_of(made, made.status(kNothing), all_elements(made.run.job)))
    texts.push_back(without_run(text_of(each), made));
  const std::vector<std::string> expected{
      "one.1.sbatch", "one.2.sbatch", "each.1.sbatch --dependency=aftercorr:one:0:1 --kill-on-invalid-dep=yes",
      "each.2.sbatch --dependency=aftercorr:one:5:1 --kill-on-invalid-dep=yes",
      "all.sbatch --dependency=afterok:each:0:1:each:5:1,afterany:one:0:1:one:5:1 --kill-on-invalid-dep=yes"};
  BOOST_TEST(texts == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_second_submission_waits_for_what_is_open_alone) {
  const MadeRun made(kSteps);
  made.submit("one", {0, 1, 2, 3, 4, 5, 6}, "10");
  made.submit("each", {0, 1, 2, 3, 4, 5, 6}, "20");
  made.submit("all", {0}, "30");
  for (std::size_t i = 0; i < 7; ++i) {
    made.attempt("one", i, 1, "10_" + std::to_string(i), i == 3 ? StepEnd::out_of_memory : StepEnd::succeeded);
    if (i != 3 && i != 6) made.attempt("each", i, 1, "20_" + std::to_string(i), StepEnd::succeeded);
  }
  // The last of `each` still runs.
  PlaceView view = view_with("each", 6, {.state = PlaceWord::State::running, .name = "RUNNING"});
  const RunStatus now = made.status(view);
  const WantedElements wanted = unfinished_elements(made.run.job, now);
  std::vector<std::string> texts;
  for (const SbatchCall& each : calls_of(made, now, wanted, 10)) texts.push_back(without_run(text_of(each), made));
  // More memory for what ran out of it; its own part of `each`; and all of that and the running one for the last.
  const std::vector<std::string> expected{
      "one.sbatch --mem=1536M --array=3%2",
      "each.sbatch --dependency=aftercorr:one:0:1 --kill-on-invalid-dep=yes --array=3",
      "all.sbatch --dependency=afterok:20_6:each:0:1,afterany:one:0:1 --kill-on-invalid-dep=yes"};
  std::ranges::sort(texts[2]);
  std::string last = expected[2];
  std::ranges::sort(last);
  BOOST_TEST(texts.size() == 3U);
  BOOST_TEST(texts[0] == expected[0]);
  BOOST_TEST(texts[1] == expected[1]);
  BOOST_TEST(texts[2] == last);
}

BOOST_AUTO_TEST_CASE(what_comes_after_a_failure_that_is_left_alone_is_refused) {
  const MadeRun made(kSteps);
  made.submit("one", {0, 1, 2, 3, 4, 5, 6}, "10");
  for (std::size_t i = 0; i < 7; ++i) made.attempt("one", i, 1, "10", i == 3 ? StepEnd::error : StepEnd::succeeded);
  const RunStatus now = made.status(kNothing);
  const std::string said = message_of<ConfigError>([&] { calls_of(made, now, {{"each", {3}}}); });
  BOOST_TEST(holds(said, "each comes after one, whose element 3 is failed"));
}

BOOST_AUTO_TEST_CASE(every_call_has_a_name_of_its_own) {
  const MadeRun made(kSteps);
  made.events().begin_submission(
      {.step = "one", .elements = {0}, .comment = slurm_comment(made.run.id(), "one", 0) + ":1", .time = utc_now()});
  std::set<std::string> names;
  for (const SbatchCall& each : calls_of(made, made.status(kNothing), all_elements(made.run.job)))
    BOOST_TEST(names.insert(each.submission.comment).second);
  BOOST_TEST(!names.contains(slurm_comment(made.run.id(), "one", 0) + ":1"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_slurm_says)

BOOST_AUTO_TEST_CASE(lines_of_squeue) {
  const std::vector<SlurmTask> one = read_squeue_line("12|PENDING|Dependency|N/A||moola:r:s:0:1|with a bar");
  BOOST_REQUIRE(one.size() == 1U);
  BOOST_TEST(one[0].id == "12");
  BOOST_TEST(!one[0].index.has_value());
  BOOST_TEST(one[0].comment == "moola:r:s:0:1|with a bar");
  BOOST_TEST(one[0].start == kNoTime);
  const std::vector<SlurmTask> several = read_squeue_line("12_[4-6,9%2]|PENDING|None|N/A||(null)");
  BOOST_REQUIRE(several.size() == 4U);
  BOOST_TEST(several[3].index.value() == 9U);
  BOOST_TEST(several[3].reason.empty());
  BOOST_TEST(several[3].comment.empty());
  BOOST_CHECK_THROW(read_squeue_line("12|PENDING"), DataError);
}

BOOST_AUTO_TEST_CASE(lines_of_sacct) {
  const auto task = read_sacct_line("12_3|CANCELLED by 1000|0:15|2026-01-01T00:00:00|n1");
  BOOST_REQUIRE(task.has_value());
  BOOST_TEST(task->state == "CANCELLED");
  BOOST_TEST(task->exit == "0:15");
  BOOST_TEST(!read_sacct_line("12_[0-7]|PENDING|0:0|Unknown|").has_value());
}

BOOST_AUTO_TEST_CASE(words_are_of_an_elements_last_submission) {
  const MadeRun made(kSteps);
  made.submit("one", {0, 1, 2, 3, 4, 5, 6}, "10");
  made.submit("one", {3}, "11");
  const PlaceView view = slurm_view(made.events(), {{.id = "10", .index = 3, .state = "FAILED"},
                                                    {.id = "10", .index = 4, .state = "RUNNING"},
                                                    {.id = "11", .index = 3, .state = "PENDING", .reason = "Priority"},
                                                    {.id = "99", .index = 0, .state = "RUNNING"}});
  BOOST_TEST(view.words.size() == 2U);
  BOOST_TEST((view.of("one", 3)->state == PlaceWord::State::pending));
  BOOST_TEST(view.of("one", 3)->reason == "others are before it in the queue");
  BOOST_TEST((view.of("one", 4)->state == PlaceWord::State::running));
}

BOOST_AUTO_TEST_SUITE_END()
