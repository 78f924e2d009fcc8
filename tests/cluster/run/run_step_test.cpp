// One element of one step, run, stopped and tried again.
#include "cluster/run/run_step.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/toml_text.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

namespace {

// A job with a step `one` that is a shell script with its elements' names as arguments.
struct Folder {
  TemporaryFolder folder;
  std::string keys = {};

  JobFile job(const std::string& script) const {
    write_file(folder / "job.toml", "[job]\nname = \"made\"\n[step.one]\ncommand = [\"sh\", \"-c\", " +
                                        toml_quoted(script) + ", \"sh\", \"{index}\"]\n" + keys);
    return load_job_file(folder / "job.toml", {}, "", folder / "sites");
  }
  StepRun run(std::size_t element = 0) const {
    return {.folder = folder / "run",
            .workspace = folder.path(),
            .program = "moola",
            .step = "one",
            .element = element,
            .host = "n1",
            .place_id = "17"};
  }
  StepOutcome outcome(const std::string& script, std::size_t element = 0) const {
    return run_step(job(script), run(element));
  }
  std::vector<StepAttempt> attempts(std::size_t element = 0) const {
    return StepRecord(folder / "run", "one", element).attempts();
  }
  // run_step in a process of its own, which gets `signal` when the script is at `$up`.
  StepOutcome signalled(const std::string& script, int signal) const {
    const JobFile made = job("up='touch " + (folder / "up").string() + "'; " + script);
    const pid_t pid = ::fork();
    if (pid == 0) {
      run_step(made, run());
      ::_exit(0);
    }
    while (!std::filesystem::exists(folder / "up")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(pid, signal);
    int status = 0;
    ::waitpid(pid, &status, 0);
    BOOST_TEST(status == 0);
    std::filesystem::remove(folder / "up");
    const std::vector<StepAttempt> found = attempts();
    BOOST_REQUIRE(found.back().end.has_value());
    return {.exit_code = found.back().exit_code,
            .end = *found.back().end,
            .attempt = found.back().number,
            .again = may_try_again(made.step("one").retry, found)};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(running_steps, Folder)

BOOST_AUTO_TEST_CASE(an_element_runs_with_its_values_and_is_on_record) {
  keys = "array = { list = [\"a b\", \"c\"] }\nenv = { WHAT = \"{element} $x\" }\n";
  const std::string file = (folder / "out").string();
  const StepOutcome outcome = this->outcome("printf '%s|%s' \"$1\" \"$WHAT\" > " + file, 1);
  BOOST_TEST((outcome.end == StepEnd::succeeded));
  BOOST_TEST(!outcome.again);
  BOOST_TEST(read_file(file) == "1|c $x");
  BOOST_TEST(attempts(0).empty());
  BOOST_REQUIRE(attempts(1).size() == 1U);
  BOOST_TEST(attempts(1)[0].host == "n1");
  BOOST_TEST(attempts(1)[0].ended >= attempts(1)[0].begun);
}

BOOST_AUTO_TEST_CASE(what_has_succeeded_is_not_run_again) {
  const std::string file = (folder / "count").string();
  for (int call = 0; call < 3; ++call) BOOST_TEST(outcome("echo x >> " + file).exit_code == 0);
  BOOST_TEST(read_file(file) == "x\n");
}

BOOST_AUTO_TEST_CASE(ends_are_told_apart) {
  for (const auto& [script, end, again] :
       std::vector<std::tuple<std::string, StepEnd, bool>>{{"exit 85", StepEnd::time_limit, true},
                                                           {"exit 2", StepEnd::refused, false},
                                                           {"exit 3", StepEnd::gate_not_met, false},
                                                           {"exit 1", StepEnd::error, false},
                                                           {"kill -9 $$", StepEnd::error, false},
                                                           {"exit 0", StepEnd::succeeded, false}}) {
    const StepOutcome found = outcome(script);
    BOOST_TEST((found.end == end), script);
    BOOST_TEST(found.again == again, script);
  }
  BOOST_TEST(attempts().size() == 6U);
  BOOST_TEST((end_of(137, 0, true) == StepEnd::out_of_memory));
  BOOST_TEST((end_of(137, SIGTERM, false) == StepEnd::preempted));
  BOOST_TEST((end_of(143, SIGUSR2, false) == StepEnd::time_limit));
  BOOST_TEST((end_of(85, SIGTERM, false) == StepEnd::preempted));
}

BOOST_AUTO_TEST_CASE(each_cause_is_tried_again_as_often_as_the_step_says) {
  keys = "retry.error = 2\nretry.time_limit = 1\n";
  BOOST_TEST(outcome("exit 1").again);
  BOOST_TEST(outcome("exit 85").again);
  BOOST_TEST(outcome("exit 1").again);
  BOOST_TEST(!outcome("exit 1").again);
  BOOST_TEST(!outcome("exit 85").again);
  BOOST_TEST(attempts().back().number == 5);
}

BOOST_AUTO_TEST_CASE(each_time_out_of_memory_gives_the_next_attempt_more) {
  const JobStep step{.name = "one", .memory = "4G", .retry = {.memory_factor = 2}};
  std::vector<StepAttempt> all;
  BOOST_TEST(memory_after(step, all).empty());
  all.push_back({.number = 1, .end = StepEnd::error});
  BOOST_TEST(memory_after(step, all).empty());
  all.push_back({.number = 2, .end = StepEnd::out_of_memory});
  BOOST_TEST(memory_after(step, all) == "8G");
  all.push_back({.number = 3, .end = StepEnd::preempted});
  all.push_back({.number = 4, .end = StepEnd::out_of_memory});
  BOOST_TEST(memory_after(step, all) == "16G");
}

BOOST_AUTO_TEST_CASE(a_signal_asks_it_to_stop_and_names_the_cause) {
  const std::string checkpoints = "trap 'exit 85' TERM; $up; while :; do sleep 0.02; done";
  const StepOutcome limit = signalled(checkpoints, SIGUSR2);
  BOOST_TEST((limit.end == StepEnd::time_limit));
  BOOST_TEST(limit.exit_code == 85);
  BOOST_TEST(limit.again);
  BOOST_TEST((signalled(checkpoints, SIGTERM).end == StepEnd::preempted));
  // Without a trap it dies, and begins anew.
  BOOST_TEST((signalled("$up; sleep 60", SIGUSR2).end == StepEnd::time_limit));
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_refused_and_on_record) {
  write_file(folder / "job.toml", "[job]\nname = \"made\"\n[step.one]\ncommand = [\"/no/such/program\"]\n");
  const StepOutcome found = run_step(load_job_file(folder / "job.toml"), run());
  BOOST_TEST(found.exit_code == 2);
  BOOST_TEST((attempts().at(0).end == StepEnd::refused));
}

BOOST_AUTO_TEST_CASE(what_is_not_in_the_job_is_named) {
  const JobFile made = job("true");
  StepRun wrong = run();
  wrong.step = "onne";
  BOOST_TEST(holds(message_of<ConfigError>([&] { run_step(made, wrong); }), "Did you mean 'one'?"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { run_step(made, run(1)); }), "there is no 1"));
}

BOOST_AUTO_TEST_SUITE_END()
