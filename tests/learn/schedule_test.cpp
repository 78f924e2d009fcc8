#include "learn/schedule.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>

using namespace moola::learn;

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(a_cosine_begins_at_the_peak_and_ends_at_the_floor) {
  const Schedule rate{.kind = ScheduleKind::cosine, .peak = 1e-3, .floor = 1e-5, .warmup_steps = 0, .total_steps = 101};
  BOOST_TEST(rate(0) == 1e-3);
  BOOST_TEST(rate(50) == 5.05e-4, boost::test_tools::tolerance(1e-12));  // half-way: the mean of both
  BOOST_TEST(rate(100) == 1e-5, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(rate(101) == 1e-5, boost::test_tools::tolerance(1e-12));  // and stays there
  BOOST_TEST(rate(1'000'000) == 1e-5, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_warm_up_rises_in_equal_parts_and_the_cosine_follows) {
  const Schedule rate{.peak = 1.0, .floor = 0.0, .warmup_steps = 4, .total_steps = 15};
  for (int step = 0; step < 4; ++step) BOOST_TEST(rate(step) == (step + 1) / 4.0);
  BOOST_TEST(rate(4) == 1.0);
  // The ten steps after the peak: (1 + cos(pi k / 10)) / 2.
  for (int k = 0; k <= 10; ++k) {
    BOOST_TEST(std::abs(rate(4 + k) - 0.5 * (1 + std::cos(std::numbers::pi * k / 10))) < 1e-15);
  }
  BOOST_TEST(std::abs(rate(14)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(it_never_rises_after_the_warm_up) {
  const Schedule rate{.peak = 3e-4, .floor = 1e-6, .warmup_steps = 10, .total_steps = 500};
  for (int step = 1; step < 600; ++step)
    BOOST_TEST_REQUIRE((step < 10 ? rate(step) > rate(step - 1) : rate(step) <= rate(step - 1)));
}

BOOST_AUTO_TEST_CASE(a_constant_rate_keeps_the_peak_after_the_warm_up) {
  const Schedule rate{.kind = ScheduleKind::constant, .peak = 0.5, .floor = 0.1, .warmup_steps = 2, .total_steps = 10};
  BOOST_TEST(rate(0) == 0.25);
  BOOST_TEST(rate(1) == 0.5);
  BOOST_TEST(rate(9) == 0.5);
  BOOST_TEST(rate(100) == 0.5);
}

BOOST_AUTO_TEST_CASE(the_shortest_trainings_have_a_rate) {
  const Schedule one{.peak = 1.0, .floor = 0.1, .warmup_steps = 0, .total_steps = 1};
  BOOST_TEST(one(0) == 1.0);
  const Schedule two{.peak = 1.0, .floor = 0.1, .warmup_steps = 0, .total_steps = 2};
  BOOST_TEST(two(0) == 1.0);
  BOOST_TEST(two(1) == 0.1, boost::test_tools::tolerance(1e-12));
  const Schedule all_warm_up{.peak = 1.0, .floor = 0.1, .warmup_steps = 5, .total_steps = 5};
  BOOST_TEST(all_warm_up(0) == 0.2);
  BOOST_TEST(all_warm_up(4) == 1.0);
  const Schedule cut_off{.peak = 1.0, .floor = 0.1, .warmup_steps = 50, .total_steps = 5};
  BOOST_TEST(cut_off(4) == 0.1);
}

BOOST_AUTO_TEST_SUITE_END()
