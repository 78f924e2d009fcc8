// Starts real ranks under the launcher, kills some of them, and looks at what is left and what is said.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

#include "base/atomic_file.h"
#include "base/heartbeat_record.h"
#include "tests/support/messages.h"

namespace {

using moola::test::holds;
namespace fs = std::filesystem;
using moola::HeartbeatRecord;

void pause_briefly() {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

bool runs(std::int64_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return static_cast<bool>(stat >> number >> name >> state) && state != "Z" && state != "X";
}

/// A front with its ranks, started in the background.
class Started {
 public:
  Started(int ranks, const std::string& hang_after, const std::vector<std::string>& mode) : ranks_(ranks) {
    static int count = 0;
    folder_ =
        fs::temp_directory_path() / ("moola-launch-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    fs::create_directories(folder_);
    const std::string tests = fs::path(MOOLA_BINARY_DIR).parent_path() / "tests";
    std::vector<std::string> words{tests + "/launch-test-front", std::to_string(ranks), beats(), hang_after,
                                   tests + "/launch-test-rank"};
    words.insert(words.end(), mode.begin(), mode.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    front_ = ::fork();
    if (front_ == 0) {
      const int errors = ::open((folder_ / "stderr").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
      ::dup2(errors, STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(126);
    }
  }
  ~Started() {
    if (!ended_) {
      ::kill(front_, SIGKILL);
      ::waitpid(front_, nullptr, 0);
    }
    fs::remove_all(folder_);
  }

  fs::path beats() const { return folder_ / "beats"; }
  pid_t front() const { return front_; }

  HeartbeatRecord rank(
      int number, const std::function<bool(const HeartbeatRecord&)>& wanted = [](const auto&) { return true; }) const {
    for (;;) {
      if (const auto record = moola::read_heartbeat(moola::heartbeat_file(beats(), number)); record && wanted(*record))
        return *record;
      pause_briefly();
    }
  }
  std::vector<std::int64_t> processes() const {
    std::vector<std::int64_t> pids;
    for (int i = 0; i < ranks_; ++i) pids.push_back(rank(i).pid);
    return pids;
  }
  void wait_for_steps() const {
    for (int i = 0; i < ranks_; ++i) rank(i, [](const HeartbeatRecord& record) { return record.step > 2; });
  }

  /// The front's exit code; 128 + n when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(front_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string errors() const { return moola::read_file(folder_ / "stderr"); }

 private:
  int ranks_;
  fs::path folder_;
  pid_t front_ = -1;
  bool ended_ = false;
};

bool none_runs(const std::vector<std::int64_t>& pids) {
  for (const std::int64_t pid : pids) {
    if (runs(pid)) return false;
  }
  return true;
}

int occurrences(const std::string& text, const std::string& of) {
  int count = 0;
  for (std::size_t at = text.find(of); at != text.npos; at = text.find(of, at + 1)) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(launching)

BOOST_AUTO_TEST_CASE(the_exit_code_of_the_ranks_is_kept) {
  for (const int ranks : {1, 2}) {
    for (const char* code : {"0", "2", "3", "85"}) {
      Started job(ranks, "1m", {"exit", code});
      BOOST_TEST(job.wait() == std::atoi(code));
      BOOST_TEST(job.errors() == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_mpirun_that_hangs_at_its_end_does_not_outlive_its_front_for_long) {
  const fs::path folder = fs::temp_directory_path() / ("moola-mpirun-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  moola::write_file(folder / "mpirun", "#!/bin/sh\ntrap '' TERM\necho $$ >\"$PIDS\"\nwhile :; do sleep 1; done\n");
  fs::permissions(folder / "mpirun", fs::perms::owner_all);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder.string() + ":" + path).c_str(), 1);
  ::setenv("PIDS", (folder / "pid").c_str(), 1);
  {
    Started job(2, "1m", {"exit", "0"});
    while (!fs::exists(folder / "pid") || fs::file_size(folder / "pid") == 0) pause_briefly();
    const std::int64_t pid = std::stoll(moola::read_file(folder / "pid"));
    BOOST_TEST(runs(pid));
    ::kill(job.front(), SIGKILL);
    job.wait();
    for (int i = 0; i < 2000 && runs(pid); ++i) pause_briefly();
    BOOST_TEST(!runs(pid));
  }
  ::setenv("PATH", path.c_str(), 1);
  fs::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(a_caller_that_ignores_the_ends_of_children_changes_nothing) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);  // inherited
  Started job(2, "1m", {"exit", "3"});
  ::signal(SIGCHLD, before);
  BOOST_TEST(job.wait() == 3);
  BOOST_TEST(job.errors() == "");
}

BOOST_AUTO_TEST_CASE(an_error_on_one_rank_is_said_once_with_the_rank_and_ends_all_with_its_code) {
  Started job(3, "1m", {"error", "1"});
  BOOST_TEST(job.wait() == 2);
  BOOST_TEST(holds(job.errors(), "[rank 1 of 3 on "));
  BOOST_TEST(occurrences(job.errors(), "did not like") == 1);
  BOOST_TEST(occurrences(job.errors(), "\n") == 1);
}

BOOST_AUTO_TEST_CASE(an_error_that_all_ranks_meet_is_said_once) {
  Started job(3, "1m", {"error-on-all"});
  BOOST_TEST(job.wait() == 2);
  BOOST_TEST(occurrences(job.errors(), "what no rank liked") == 1);
}

BOOST_AUTO_TEST_CASE(an_error_of_another_kind_ends_with_one) {
  Started job(2, "1m", {"foreign-error", "0"});
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "somebody else"));
}

BOOST_AUTO_TEST_CASE(a_rank_that_dies_is_named_and_the_others_are_ended) {
  Started job(3, "1m", {"die", "2"});
  const auto pids = job.processes();
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 2 ("));
  BOOST_TEST(holds(job.errors(), "signal 9"));
  BOOST_TEST(none_runs(pids));
}

BOOST_AUTO_TEST_CASE(a_rank_killed_from_outside_is_named) {
  Started job(2, "1m", {"loop"});
  job.wait_for_steps();
  const auto pids = job.processes();
  ::kill(static_cast<pid_t>(pids[0]), SIGKILL);
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 0 ("));
  BOOST_TEST(none_runs(pids));
}

BOOST_AUTO_TEST_CASE(a_single_rank_that_is_killed_is_named_too) {
  Started job(1, "1m", {"loop"});
  job.wait_for_steps();
  ::kill(static_cast<pid_t>(job.processes()[0]), SIGKILL);
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 0 ("));
}

BOOST_AUTO_TEST_CASE(a_rank_that_leaves_without_a_word_is_named) {
  Started job(2, "1m", {"leave", "1"});
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 1 ("));
}

BOOST_AUTO_TEST_CASE(a_hang_names_who_waits_for_whom_and_is_ended) {
  Started job(3, "2s", {"hang", "1"});
  const auto pids = job.processes();
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 1 is at work in step 12"));
  BOOST_TEST(holds(job.errors(), "ranks 0 and 2 are waiting for the others in 'all-reduce'"));
  BOOST_TEST(none_runs(pids));
}

BOOST_AUTO_TEST_CASE(a_stopped_process_is_a_hang_that_is_ended_too) {
  Started job(2, "2s", {"loop"});
  job.wait_for_steps();
  const auto pids = job.processes();
  ::kill(static_cast<pid_t>(pids[1]), SIGSTOP);
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "rank 0 is waiting for the others"));
  BOOST_TEST(none_runs(pids));
}

BOOST_AUTO_TEST_CASE(every_stop_signal_reaches_every_rank_and_they_leave_with_85) {
  for (const int ranks : {1, 3}) {
    for (const int number : {SIGTERM, SIGUSR2, SIGINT, SIGHUP}) {
      Started job(ranks, "1m", {"loop"});
      job.wait_for_steps();
      ::kill(job.front(), number);
      const int code = job.wait();
      BOOST_TEST_INFO("signal " << number << ", " << ranks << " ranks: " << job.errors());
      BOOST_TEST(code == 85);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stop_before_the_ranks_are_up_is_not_lost) {
  for (const int ranks : {1, 2}) {
    Started job(ranks, "1m", {"slow-start"});
    // The front is up once it has made the folder; its ranks still sleep.
    while (!std::filesystem::exists(job.beats())) pause_briefly();
    pause_briefly();
    ::kill(job.front(), SIGTERM);
    BOOST_TEST(job.wait() == 85);
  }
}

BOOST_AUTO_TEST_CASE(a_second_interrupt_ends_the_ranks_at_once) {
  Started job(2, "1m", {"hang", "0"});
  const auto pids = job.processes();
  ::kill(job.front(), SIGINT);
  job.rank(1, [](const HeartbeatRecord& record) { return record.stopping; });
  ::kill(job.front(), SIGINT);
  BOOST_TEST(job.wait() == 1);
  BOOST_TEST(holds(job.errors(), "interrupted twice"));
  BOOST_TEST(none_runs(pids));
}

BOOST_AUTO_TEST_CASE(no_rank_outlives_a_killed_launcher) {
  for (const int ranks : {1, 3}) {
    Started job(ranks, "1m", {"loop"});
    job.wait_for_steps();
    const auto pids = job.processes();
    ::kill(job.front(), SIGKILL);
    BOOST_TEST(job.wait() == 128 + SIGKILL);
    while (!none_runs(pids)) pause_briefly();  // the test's time limit is the limit
  }
}

BOOST_AUTO_TEST_CASE(a_program_that_never_comes_up_keeps_its_code_and_says_how_to_see_more) {
  Started job(2, "1m", {"never-up"});
  BOOST_TEST(job.wait() == 9);
  BOOST_TEST(holds(job.errors(), "before any rank was up"));
}

BOOST_AUTO_TEST_SUITE_END()
