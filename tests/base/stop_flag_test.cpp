#include "base/stop_flag.h"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

using namespace moola;

BOOST_AUTO_TEST_SUITE(stop_signals)

BOOST_AUTO_TEST_CASE(a_stop_signal_becomes_a_flag_and_the_handlers_go_with_it) {
  for (const int number : {SIGTERM, SIGUSR2, SIGHUP, SIGINT}) {
    const StopFlag flag;
    BOOST_TEST(!stop_requested());
    ::raise(number);
    BOOST_TEST(stop_requested());
    BOOST_TEST(std::string(stop_signal_name()).starts_with("SIG"));
  }
  struct sigaction now {};
  ::sigaction(SIGUSR2, nullptr, &now);
  BOOST_CHECK(now.sa_handler == SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_signal_that_was_ignored_stays_ignored) {
  ::signal(SIGHUP, SIG_IGN);
  {
    const StopFlag flag;
    ::raise(SIGHUP);
    BOOST_TEST(!stop_requested());
  }
  ::signal(SIGHUP, SIG_DFL);
}

BOOST_AUTO_TEST_SUITE_END()
