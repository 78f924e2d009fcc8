#include "base/process_stat.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>

using namespace moola;

namespace {

// A process in a group of its own that waits to be killed.
pid_t start_process() {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  ::setpgid(child, child);
  return child;
}

void wait_for(pid_t child) {
  ::waitpid(child, nullptr, 0);
}

// Until it has ended, and before anybody has waited for it.
void end_and_leave(pid_t child) {
  ::kill(child, SIGKILL);
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(what_the_system_says_of_processes)

BOOST_AUTO_TEST_CASE(a_process_is_there_until_it_is_waited_for) {
  const pid_t child = start_process();
  const auto alive = process_stat(child);
  BOOST_REQUIRE(alive);
  BOOST_TEST(!alive->has_ended());
  BOOST_TEST(alive->group == child);
  BOOST_TEST(alive->start >= process_stat(::getpid())->start);
  BOOST_TEST(is_group_alive(child));
  end_and_leave(child);
  BOOST_TEST(process_stat(child)->has_ended());
  BOOST_TEST(!is_group_alive(child));
  wait_for(child);
  BOOST_TEST(!process_stat(child).has_value());
  BOOST_TEST(!is_group_alive(child));
}

BOOST_AUTO_TEST_CASE(one_that_goes_while_it_is_looked_at_is_no_error) {
  std::atomic<pid_t> shown = -1;
  std::atomic<bool> over = false;
  std::thread others([&] {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < until) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      shown = child;
      wait_for(child);
    }
    over = true;
  });
  int looks = 0;
  while (!over) {
    if (shown > 0) BOOST_REQUIRE_NO_THROW(process_stat(shown));
    ++looks;
  }
  others.join();
  BOOST_TEST(looks > 100);
}

BOOST_AUTO_TEST_SUITE_END()
