#include "base/watched_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

WatchedExit shell(const std::string& script, const WatchOptions& options = {}) {
  return run_watched({"sh", "-c", script}, options);
}

bool lives(const std::string& pid_file) {
  return ::kill(static_cast<pid_t>(std::stoi(read_file(pid_file))), 0) == 0;
}

// Within a while: what has been killed has to be seen by whoever waits for it.
bool soon_gone(const std::string& pid_file) {
  for (int i = 0; i < 300; ++i) {
    if (!lives(pid_file)) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(watched_process)

BOOST_AUTO_TEST_CASE(the_status_is_the_programs_own) {
  BOOST_TEST(shell("exit 0").exit_code == 0);
  BOOST_TEST(shell("exit 7").exit_code == 7);
  BOOST_TEST(shell("kill -KILL $$").exit_code == 128 + SIGKILL);
}

BOOST_AUTO_TEST_CASE(what_it_says_goes_into_the_log) {
  const test::TemporaryFolder folder;
  const auto log = folder.path() / "log.txt";
  shell("echo out; echo err >&2", {.log = log});
  BOOST_TEST(read_file(log) == "out\nerr\n");
  shell("echo more", {.log = log});
  BOOST_TEST(read_file(log) == "out\nerr\nmore\n");
}

BOOST_AUTO_TEST_CASE(the_last_lines_are_whole) {
  const test::TemporaryFolder folder;
  const auto log = folder.path() / "log.txt";
  write_file(log, "one\ntwo\nthree\n");
  BOOST_TEST(last_lines(log, 100) == "one\ntwo\nthree");
  BOOST_TEST(last_lines(log, 8) == "three");
  BOOST_TEST(last_lines(log, 3) == "ee");
  BOOST_TEST(last_lines(folder.path() / "nothing", 8) == "");
}

BOOST_AUTO_TEST_CASE(its_environment_is_ours_less_what_is_taken_away) {
  const test::TemporaryFolder folder;
  const auto log = folder.path() / "log.txt";
  ::setenv("WATCHED_KEPT", "kept", 1);
  ::setenv("WATCHED_GONE_ONE", "x", 1);
  ::setenv("WATCHED_SET", "before", 1);
  shell("echo \"$WATCHED_KEPT/$WATCHED_GONE_ONE/$WATCHED_SET\"",
        {.log = log, .environment = {{"WATCHED_SET", "after"}}, .without = {"WATCHED_GONE_"}});
  BOOST_TEST(read_file(log) == "kept//after\n");
}

BOOST_AUTO_TEST_CASE(standard_input_is_empty) {
  const test::TemporaryFolder folder;
  shell("cat; echo done", {.log = folder.path() / "log"});
  BOOST_TEST(read_file(folder.path() / "log") == "done\n");
}

BOOST_AUTO_TEST_CASE(its_time_over_it_ends_with_all_it_has_started) {
  const test::TemporaryFolder folder;
  const std::string pid = (folder.path() / "pid").string();
  const auto began = Clock::now();
  const WatchedExit ended = shell("sleep 600 & echo $! > " + pid + "; wait", {.time_limit = 300ms});
  BOOST_TEST(ended.timed_out);
  BOOST_TEST(ended.exit_code != 0);
  BOOST_TEST((Clock::now() - began < 30s));
  BOOST_TEST(soon_gone(pid));
}

BOOST_AUTO_TEST_CASE(one_that_does_not_listen_is_killed) {
  const auto began = Clock::now();
  const WatchedExit ended = shell("trap '' TERM; while true; do sleep 0.05; done", {.time_limit = 200ms});
  BOOST_TEST(ended.timed_out);
  BOOST_TEST(ended.exit_code == 128 + SIGKILL);
  BOOST_TEST((Clock::now() - began < 30s));
}

BOOST_AUTO_TEST_CASE(what_the_check_throws_ends_it_and_goes_on) {
  const test::TemporaryFolder folder;
  const std::string pid = (folder.path() / "pid").string();
  BOOST_CHECK_THROW(shell("echo $$ > " + pid + "; exec sleep 600", {.check =
                                                                        [&] {
                                                                          if (std::filesystem::exists(pid) &&
                                                                              std::filesystem::file_size(pid) > 0)
                                                                            throw std::logic_error("enough");
                                                                        }}),
                    std::logic_error);
  BOOST_TEST(!lives(pid));
}

BOOST_AUTO_TEST_CASE(it_goes_with_the_process_that_called_it) {
  const test::TemporaryFolder folder;
  const std::string pid = (folder.path() / "pid").string();
  const pid_t caller = ::fork();
  if (caller == 0) {
    shell("echo $$ > " + pid + "; exec sleep 600");
    ::_exit(0);
  }
  while (!std::filesystem::exists(pid) || std::filesystem::file_size(pid) == 0) std::this_thread::sleep_for(5ms);
  ::kill(caller, SIGKILL);
  int status = 0;
  ::waitpid(caller, &status, 0);
  // Its new parent may take its time to bury it: a zombie counts as gone.
  const std::string stat = "/proc/" + std::to_string(std::stoi(read_file(pid))) + "/stat";
  bool gone = false;
  for (int i = 0; i < 300 && !gone; ++i) {
    gone = !lives(pid) || (std::filesystem::exists(stat) && read_file(stat).find(") Z ") != std::string::npos);
    if (!gone) std::this_thread::sleep_for(10ms);
  }
  BOOST_TEST(gone);
}

BOOST_AUTO_TEST_CASE(what_is_no_program_cannot_be_started) {
  BOOST_CHECK_THROW(run_watched({"no-such-program-anywhere"}, {}), IoError);
  BOOST_CHECK_THROW(run_watched({"/no/such/program"}, {}), IoError);
  BOOST_CHECK_THROW(run_watched({"/etc/passwd"}, {}), IoError);
}

BOOST_AUTO_TEST_SUITE_END()
