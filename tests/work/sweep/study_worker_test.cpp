// Who is still at work on a study.
#include "work/sweep/study/study_worker.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "base/atomic_file.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::chrono::milliseconds kSilence{100};

pid_t sleeper() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  return pid;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// The id of a worker whose process was killed, with `guard`.
std::string killed_worker(const std::filesystem::path& study, pid_t guard, bool leaves = false) {
  int told[2];
  BOOST_REQUIRE(::pipe(told) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    StudyWorker worker(study, kSilence);
    if (guard != 0) worker.set_guard(guard);
    if (leaves) worker.leave();
    static_cast<void>(::write(told[1], worker.id().data(), worker.id().size()) < 0);
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  char id[512];
  const ssize_t got = ::read(told[0], id, sizeof id);
  ::close(told[0]);
  ::close(told[1]);
  BOOST_REQUIRE(got > 0);
  return {id, static_cast<std::size_t>(got)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(study_workers)

BOOST_AUTO_TEST_CASE(a_process_that_is_gone_is_lost_and_one_that_left_has_left) {
  const TemporaryFolder study;
  StudyWorker here(study.path(), kSilence);
  BOOST_TEST((here.state_of(here.id()) == WorkerState::alive));
  StudyWorker beside(study.path(), kSilence);
  BOOST_TEST((here.state_of(beside.id()) == WorkerState::alive));
  BOOST_TEST((here.state_of(killed_worker(study.path(), 0)) == WorkerState::lost));
  BOOST_TEST((here.state_of(killed_worker(study.path(), 0, true)) == WorkerState::left));
}

BOOST_AUTO_TEST_CASE(a_killed_one_counts_as_long_as_its_guard_is_there) {
  const TemporaryFolder study;
  StudyWorker here(study.path(), kSilence);
  const pid_t guard = sleeper();
  const std::string killed = killed_worker(study.path(), guard);
  BOOST_TEST((here.state_of(killed) == WorkerState::alive));
  ::kill(guard, SIGKILL);
  // Dead and not yet buried is as good as gone.
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(guard), &ended, WEXITED | WNOWAIT);
  BOOST_TEST((here.state_of(killed) == WorkerState::lost));
  end(guard);
  BOOST_TEST((here.state_of(killed) == WorkerState::lost));
}

BOOST_AUTO_TEST_CASE(one_of_another_host_is_lost_after_its_silence) {
  const TemporaryFolder study;
  StudyWorker here(study.path(), kSilence);
  write_file(
      study / "workers/moola-elsewhere-1-1-0.json",
      R"({"worker":"moola-elsewhere-1-1-0","host":"elsewhere","process":1,"process_space":"another","beats":1})");
  BOOST_TEST((here.state_of("moola-elsewhere-1-1-0") == WorkerState::alive));
  ::usleep(200'000);
  BOOST_TEST((here.state_of("moola-elsewhere-1-1-0") == WorkerState::lost));
  // It was only slow.
  write_file(
      study / "workers/moola-elsewhere-1-1-0.json",
      R"({"worker":"moola-elsewhere-1-1-0","host":"elsewhere","process":1,"process_space":"another","beats":2})");
  BOOST_TEST((here.state_of("moola-elsewhere-1-1-0") == WorkerState::alive));
}

BOOST_AUTO_TEST_SUITE_END()
