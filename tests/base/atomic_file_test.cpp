#include "base/atomic_file.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <thread>
#include <vector>

#include "base/error.h"
#include "child_process.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void put(const fs::path& file, const std::string& content) {
  std::ofstream(file) << content;
}

int exit_code_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    BOOST_TEST_MESSAGE(error.what());
    return static_cast<int>(error.exit_code());
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(atomic_file)

BOOST_AUTO_TEST_CASE(a_file_appears_only_at_commit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  put(file.temporary(), "content");
  BOOST_TEST(!fs::exists(folder / "a"));
  file.commit();
  BOOST_TEST(read_file(folder / "a") == "content");
  BOOST_TEST(entries(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(without_commit_nothing_stays) {
  const TemporaryFolder folder;
  { const AtomicFile file(folder / "a"); }
  BOOST_TEST(entries(folder.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(missing_parents_are_made) {
  const TemporaryFolder folder;
  write_file(folder / "x/y/z", "content");
  BOOST_TEST(read_file(folder / "x/y/z") == "content");
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back) {
  const TemporaryFolder folder;
  std::string content(300'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 3);
  write_file(folder / "a", content);
  BOOST_TEST((read_file(folder / "a") == content));
  write_file(folder / "a", "");
  BOOST_TEST(read_file(folder / "a").empty());
}

BOOST_AUTO_TEST_CASE(what_is_there_is_overwritten_only_when_asked) {
  const TemporaryFolder folder;
  write_file(folder / "a", "first");
  BOOST_TEST(exit_code_of([&] { write_file(folder / "a", "second", Overwrite::no); }) == 2);
  BOOST_TEST(read_file(folder / "a") == "first");
  write_file(folder / "a", "second", Overwrite::yes);
  BOOST_TEST(read_file(folder / "a") == "second");
  BOOST_TEST(entries(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_writer_that_was_overtaken_is_refused_at_commit) {
  const TemporaryFolder folder;
  {
    AtomicFile late(folder / "a", Overwrite::no);
    put(late.temporary(), "late");
    write_file(folder / "a", "early", Overwrite::no);
    BOOST_TEST(exit_code_of([&] { late.commit(); }) == 2);
  }
  BOOST_TEST(read_file(folder / "a") == "early");
  BOOST_TEST(entries(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(of_many_writers_that_must_not_overwrite_one_wins) {
  const TemporaryFolder folder;
  std::atomic<int> winners{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      try {
        write_file(folder / "a", std::string(100'000, static_cast<char>('0' + i)), Overwrite::no);
        ++winners;
      } catch (const IoError&) {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string content = read_file(folder / "a");
  BOOST_TEST(winners == 1);
  BOOST_TEST(content.size() == 100'000U);
  BOOST_TEST(std::count(content.begin(), content.end(), content[0]) == 100'000);
  BOOST_TEST(entries(folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_read_only_file_has_no_write_permission) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  put(file.temporary(), "content");
  file.commit(true);
  struct stat status {};
  BOOST_REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777) == 0444U);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_to_is_found_before_the_work) {
  const TemporaryFolder folder;
  write_file(folder / "file", "no folder");
  BOOST_TEST(exit_code_of([&] { AtomicFile(folder / "file/a"); }) == 2);
  BOOST_TEST(exit_code_of([] { AtomicFile("/proc/moola/a"); }) == 2);
  BOOST_TEST(exit_code_of([] { AtomicFile("/proc/moola"); }) == 2);
  if (::geteuid() != 0) {
    fs::create_directory(folder / "closed");
    fs::permissions(folder / "closed", fs::perms::owner_read | fs::perms::owner_exec);
    BOOST_TEST(exit_code_of([&] { AtomicFile(folder / "closed/a"); }) == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_and_a_missing_file_cannot_be_read) {
  const TemporaryFolder folder;
  BOOST_TEST(exit_code_of([&] { read_file(folder.path()); }) == 2);
  BOOST_TEST(exit_code_of([&] { read_file(folder / "missing"); }) == 2);
}

BOOST_AUTO_TEST_CASE(a_killed_writer_leaves_nothing_visible_and_its_rest_is_cleared_away) {
  const TemporaryFolder folder;
  write_file(folder / "a", "before");
  ChildProcess writer([&](const auto& ready) {
    AtomicFile file(folder / "a", Overwrite::yes);
    put(file.temporary(), "half a");
    ready();
    ::pause();
  });
  BOOST_REQUIRE(writer.ready());
  BOOST_TEST(entries(folder.path()) == 2U);
  remove_abandoned(folder.path());
  BOOST_TEST(entries(folder.path()) == 2U);  // its writer lives
  writer.kill();
  BOOST_TEST(read_file(folder / "a") == "before");
  remove_abandoned(folder.path());
  BOOST_TEST(entries(folder.path()) == 1U);
  BOOST_TEST(read_file(folder / "a") == "before");
}

BOOST_AUTO_TEST_CASE(a_writer_that_has_ended_and_was_not_waited_for_yet_is_a_dead_one) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const AtomicFile file(folder / "a");
    put(file.temporary(), "half a");
    ::_exit(0);
  }
  siginfo_t ended;
  BOOST_REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  BOOST_TEST(entries(folder.path()) == 1U);
  remove_abandoned(folder.path());
  BOOST_TEST(entries(folder.path()) == 0U);
  ::waitpid(child, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(only_rests_of_dead_writers_of_this_host_are_cleared_away) {
  const TemporaryFolder folder;
  const AtomicFile mine(folder / "a");
  for (const char* name : {".a.another-host.999999999.0.tmp", ".a.tmp", "a.tmp", ".a.0.tmp", ".tmp", ".x.y.z.tmp"}) {
    put(folder / name, "");
  }
  const std::size_t before = entries(folder.path());
  remove_abandoned(folder.path());
  BOOST_TEST(entries(folder.path()) == before);
  BOOST_CHECK_NO_THROW(remove_abandoned(folder / "missing"));
}

// A container starts its processes with the same numbers again and again.
BOOST_AUTO_TEST_CASE(a_rest_with_the_name_that_comes_next_is_no_obstacle) {
  const TemporaryFolder folder;
  std::string next;
  {
    const AtomicFile file(folder / "a");
    const std::string name = file.temporary().filename().string();
    const std::size_t number = name.rfind('.', name.size() - 5) + 1;
    next = name.substr(0, number) + std::to_string(std::stoi(name.substr(number)) + 1) + ".tmp";
  }
  put(folder / next, "rest");
  AtomicFile file(folder / "a");
  put(file.temporary(), "content");
  file.commit();
  BOOST_TEST(read_file(folder / "a") == "content");
  BOOST_TEST(read_file(folder / next) == "rest");
}

BOOST_AUTO_TEST_CASE(a_file_that_grows_too_large_is_an_error_worth_another_try_and_leaves_nothing) {
  const TemporaryFolder folder;
  ChildProcess writer([&](const auto&) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10'000, 10'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(folder / "a", std::string(100'000, 'x'));
    } catch (const IoError& error) {
      ::_exit(static_cast<int>(error.exit_code()));
    }
  });
  const int status = writer.wait();
  BOOST_TEST(WEXITSTATUS(status) == 1);
  BOOST_TEST(entries(folder.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_worth_another_try_and_leaves_nothing) {
  const TemporaryFolder folder;
  if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: no permission to mount a small disk to fill");
    return;
  }
  const int code = exit_code_of([&] { write_file(folder / "a", std::string(1'000'000, 'x')); });
  const std::size_t left = entries(folder.path());
  ::umount(folder.path().c_str());
  BOOST_TEST(code == 1);
  BOOST_TEST(left == 0U);
}

BOOST_AUTO_TEST_CASE(a_signal_that_ends_the_process_takes_the_temporary_with_it) {
  const TemporaryFolder folder;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::freopen("/dev/null", "w", stderr);
      ::signal(signal, SIG_DFL);
      const AtomicFile file(folder / "target");
      ::raise(signal);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == signal);
    BOOST_TEST(fs::is_empty(folder.path()));
  }
}

BOOST_AUTO_TEST_CASE(a_taken_name_can_be_left_for_another) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.commit();
  BOOST_TEST(!second.commit_if_free());
  second.retarget(folder / "b");
  BOOST_TEST(second.commit_if_free());
  BOOST_TEST(fs::exists(folder / "b"));
}

BOOST_AUTO_TEST_SUITE_END()
