#include "work/sweep/trials/trial_runner.h"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <thread>

#include "base/atomic_file.h"
#include "base/process_stat.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using namespace std::chrono_literals;

namespace {

struct Ended {
  std::vector<sweep::Report> reports;
  TrialEnd end;
};

struct Fixture {
  TemporaryFolder folder;
  TrialRunnerOptions options{.patience = 200ms};

  TrialTask shell(std::uint64_t number, const std::string& script) const {
    return {.number = number,
            .arguments = {"/bin/sh", "-c", script},
            .folder = folder.path(),
            .log = folder.path() / (std::to_string(number) + ".log")};
  }
  std::string log(std::uint64_t number) const { return read_file(folder.path() / (std::to_string(number) + ".log")); }

  static std::map<std::uint64_t, Ended> finish(TrialRunner& runner) {
    std::map<std::uint64_t, Ended> out;
    const auto until = std::chrono::steady_clock::now() + 60s;
    std::size_t ends = 0;
    do {
      for (const TrialEvent& event : runner.wait(1s)) {
        Ended& trial = out[event.number];
        trial.reports.insert(trial.reports.end(), event.reports.begin(), event.reports.end());
        if (event.end) trial.end = *event.end;
        ends += event.end.has_value();
      }
    } while (runner.running() > 0 && std::chrono::steady_clock::now() < until);
    BOOST_TEST(runner.running() == 0U);
    return out;
  }
  Ended run(const std::string& script) const {
    TrialRunner runner(options);
    runner.start(shell(0, script));
    return finish(runner).at(0);
  }
};

bool is_there(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trials_as_processes, Fixture)

BOOST_AUTO_TEST_CASE(a_program_reports_and_answers_and_its_words_are_kept) {
  const Ended found = run(R"(echo '{"step":1,"value":2}'; echo oops >&2; echo '{"value":1.5}')");
  BOOST_TEST((found.reports == std::vector<sweep::Report>{{1, 2}}));
  BOOST_TEST(found.end.exit_code == 0);
  BOOST_TEST(found.end.values->front() == 1.5);
  BOOST_TEST(log(0).find("oops") != std::string::npos);
  BOOST_TEST(log(0).find("{\"value\":1.5}") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reports_may_come_by_a_file_while_the_program_runs) {
  TrialRunner runner(options);
  TrialTask task = shell(
      0,
      R"(echo '{"step":4,"value":2}' >> told; printf '{"step":5' >> told; sleep 0.3; echo ',"value":1}' >> told; exec sleep 600)");
  task.reports = folder.path() / "told";
  runner.start(task);
  std::vector<sweep::Report> reports;
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (reports.size() < 2 && std::chrono::steady_clock::now() < until) {
    for (const TrialEvent& event : runner.wait(50ms))
      reports.insert(reports.end(), event.reports.begin(), event.reports.end());
  }
  BOOST_TEST((reports == std::vector<sweep::Report>{{4, 2}, {5, 1}}));
  BOOST_TEST(runner.running() == 1U);
}

BOOST_AUTO_TEST_CASE(many_run_beside_each_other) {
  TrialRunner runner(options);
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < 40; ++i)
    runner.start(shell(i, "sleep 1; echo '{\"value\":" + std::to_string(i) + "}'"));
  const auto found = finish(runner);
  BOOST_REQUIRE(found.size() == 40U);
  for (const auto& [number, trial] : found) BOOST_TEST(trial.end.values->front() == static_cast<double>(number));
  // One after the other they take 40 s.
  BOOST_TEST((std::chrono::steady_clock::now() - began < 20s));
}

BOOST_AUTO_TEST_CASE(reports_come_while_the_program_runs) {
  TrialRunner runner(options);
  runner.start(shell(0, "echo '{\"step\":1,\"value\":2}'; exec sleep 600"));
  std::vector<TrialEvent> events;
  while (events.empty()) events = runner.wait(10s);
  BOOST_TEST(events.front().reports.size() == 1U);
  BOOST_TEST(!events.front().end.has_value());
  runner.end(0);
  const Ended found = finish(runner).at(0);
  BOOST_TEST(found.end.asked_to_end);
  BOOST_TEST(found.end.exit_code == 128 + SIGTERM);
}

BOOST_AUTO_TEST_CASE(a_program_that_ignores_the_end_is_killed) {
  TrialRunner runner(options);
  runner.start(shell(0, "trap '' TERM; echo '{\"step\":1,\"value\":2}'; while true; do sleep 0.05; done"));
  while (runner.wait(10s).empty()) {
  }
  runner.end(0);
  BOOST_TEST(finish(runner).at(0).end.exit_code == 128 + SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_program_that_hangs_ends_with_its_time) {
  TrialRunner runner(options);
  TrialTask task = shell(0, "exec sleep 600");
  task.time_limit = 300ms;
  runner.start(task);
  const Ended found = finish(runner).at(0);
  BOOST_TEST(found.end.timed_out);
  BOOST_TEST(!found.end.asked_to_end);
}

BOOST_AUTO_TEST_CASE(what_a_program_has_started_ends_with_it) {
  const Ended found = run("sleep 600 & echo $! > child; echo '{\"value\":1}'");
  BOOST_TEST(found.end.exit_code == 0);
  BOOST_TEST(found.end.seconds < 30);
  // Killed, if perhaps not yet reaped by whoever has inherited it.
  const auto child = process_stat(std::stoi(read_file(folder.path() / "child")));
  BOOST_TEST((!child || child->has_ended()));
}

BOOST_AUTO_TEST_CASE(no_trial_is_over_while_what_it_has_started_is_there) {
  // What holds the lock is killed with the program, and takes a while to go.
  for (int i = 0; i < 30; ++i) {
    BOOST_TEST_CONTEXT("attempt " << i) {
      run("exec 9> lock; flock -n 9 || echo twice >> wrong; (head -c 300000000 /dev/zero | tail -c 299999999; sleep "
          "600) "
          "> /dev/null & sleep 0.05; kill -9 $$");
    }
  }
  BOOST_TEST(!std::filesystem::exists(folder.path() / "wrong"));
}

BOOST_AUTO_TEST_CASE(a_flood_of_output_is_read_and_not_kept) {
  options.log_bytes = 1 << 20;
  TrialRunner runner(options);
  runner.start(shell(0, "head -c 100000000 /dev/zero; head -c 100000000 /dev/zero >&2; echo; echo '{\"value\":7}'"));
  const Ended found = finish(runner).at(0);
  BOOST_TEST(found.end.values->front() == 7);
  BOOST_TEST(std::filesystem::file_size(folder.path() / "0.log") < (2U << 20));
  BOOST_TEST(log(0).find("the rest was left out") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_an_end_like_others) {
  TrialRunner runner(options);
  runner.start(
      {.number = 3, .arguments = {"/no/such/program"}, .folder = folder.path(), .log = folder.path() / "3.log"});
  const Ended found = finish(runner).at(3);
  BOOST_TEST(found.end.exit_code == 127);
  BOOST_TEST(found.end.not_started.find("/no/such/program") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_crash_is_told_from_a_failure) {
  BOOST_TEST(run("exit 3").end.exit_code == 3);
  BOOST_TEST(run("kill -SEGV $$").end.exit_code == 128 + SIGSEGV);
}

BOOST_AUTO_TEST_CASE(a_trial_is_no_rank_of_the_job_that_runs_it) {
  ::setenv("OMPI_COMM_WORLD_SIZE", "64", 1);
  const Ended found = run("echo \"{\\\"value\\\": ${OMPI_COMM_WORLD_SIZE:-1}}\"");
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  BOOST_TEST(found.end.values->front() == 1);
}

BOOST_AUTO_TEST_CASE(the_runner_takes_its_programs_with_it) {
  pid_t child = 0;
  {
    TrialRunner runner(options);
    runner.start(shell(0, "echo $$ > self; echo '{\"step\":1,\"value\":2}'; exec sleep 600"));
    while (runner.wait(10s).empty()) {
    }
    child = std::stoi(read_file(folder.path() / "self"));
    BOOST_TEST(is_there(child));
  }
  BOOST_TEST(!is_there(child));
}

BOOST_AUTO_TEST_SUITE_END()
