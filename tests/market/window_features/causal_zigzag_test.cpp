// When the zigzag knows of a swing.
#include "market/window_features/causal_zigzag.h"

#include <boost/test/unit_test.hpp>

using namespace moola::market;

namespace {

// A bar of range 40 up to 100, then `still` bars from 99 to 100, which are too near to its high to confirm it.
CausalZigzag after_a_high_at_100(std::size_t still) {
  CausalZigzag zigzag;
  zigzag.add({.open = 60, .high = 100, .low = 60, .close = 99.5});
  for (std::size_t i = 0; i < still; ++i) zigzag.add({.open = 99.5, .high = 100, .low = 99, .close = 99.5});
  return zigzag;
}

// A bar that falls from 99.5 to `low`; its close is its low, or 99.5.
CausalZigzag falling_to(CausalZigzag zigzag, double low, bool closes_there) {
  zigzag.add({.open = 99.5, .high = 99.5, .low = low, .close = closes_there ? low : 99.5});
  return zigzag;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(causal_zigzag)

BOOST_AUTO_TEST_CASE(no_swing_is_known_in_the_first_bar_and_the_leg_goes_up) {
  const CausalZigzag zigzag = after_a_high_at_100(0);
  BOOST_TEST(!zigzag.high());
  BOOST_TEST(!zigzag.low());
  BOOST_TEST(zigzag.direction() == 1);
  BOOST_TEST(zigzag.average_true_range() == 40);
}

BOOST_AUTO_TEST_CASE(an_old_extreme_is_confirmed_by_a_close_1_2_average_true_ranges_away) {
  // In bar 6 the extreme is 6 bars old. Its true range is that from the close before, 99.5 - low; with d = 100 - low
  // the average is (40 + 5 + d - 0.5) / 7, and d >= 1.2 times that for d >= 53.4 / 5.8 = 9.2069.
  const CausalZigzag near = falling_to(after_a_high_at_100(5), 100 - 9.206, true);
  BOOST_TEST(!near.high());
  BOOST_TEST(near.direction() == 1);
  const CausalZigzag far = falling_to(after_a_high_at_100(5), 100 - 9.207, true);
  BOOST_REQUIRE(far.high().has_value());
  BOOST_TEST(far.high()->bar == 0);
  BOOST_TEST(far.high()->price == 100);
  BOOST_TEST(far.direction() == -1);
  BOOST_TEST(!far.low());
}

BOOST_AUTO_TEST_CASE(the_low_of_a_bar_does_not_confirm_an_old_extreme) {
  BOOST_TEST(!falling_to(after_a_high_at_100(5), 80, false).high());
}

BOOST_AUTO_TEST_CASE(a_young_extreme_is_confirmed_by_a_low_half_an_average_true_range_away) {
  // In bar 5 the extreme is 5 bars old. True range r = 99.5 - low, average (44 + r) / 6, reach r + 0.5 >= half of it
  // for 11 r >= 38: r = 3.4545.
  BOOST_TEST(!falling_to(after_a_high_at_100(4), 99.5 - 3.454, false).high());
  BOOST_TEST(falling_to(after_a_high_at_100(4), 99.5 - 3.455, false).high().has_value());
}

BOOST_AUTO_TEST_CASE(exactly_half_of_it_is_enough) {
  // Bar 0 has the range 4 and closes at 98. Bar 1 goes up to 100, which is a true range of 2 from that close whatever
  // its low above it is; the average is 3, and a low at 98.5 is half of it away from the high.
  CausalZigzag zigzag;
  zigzag.add({.open = 96, .high = 100, .low = 96, .close = 98});
  CausalZigzag reaches = zigzag, falls_short = zigzag;
  reaches.add({.open = 99, .high = 100, .low = 98.5, .close = 99});
  falls_short.add({.open = 99, .high = 100, .low = 98.625, .close = 99});
  BOOST_TEST(reaches.average_true_range() == 3);
  BOOST_TEST(reaches.high().has_value());
  BOOST_TEST(falls_short.average_true_range() == 3);
  BOOST_TEST(!falls_short.high());
}

BOOST_AUTO_TEST_CASE(of_equal_highs_the_first_is_the_swing) {
  const CausalZigzag zigzag = falling_to(after_a_high_at_100(3), 60, true);
  BOOST_TEST(zigzag.high()->bar == 0);
}

BOOST_AUTO_TEST_CASE(after_a_swing_the_leg_goes_down_from_the_bar_that_confirmed_it) {
  CausalZigzag zigzag = falling_to(after_a_high_at_100(5), 80, true);
  zigzag.add({.open = 80, .high = 99, .low = 80, .close = 99});  // away from the low at 80 at once
  BOOST_REQUIRE(zigzag.low().has_value());
  BOOST_TEST(zigzag.low()->bar == 6);
  BOOST_TEST(zigzag.low()->price == 80);
  BOOST_TEST(zigzag.high()->bar == 0);
  BOOST_TEST(zigzag.direction() == 1);
}

BOOST_AUTO_TEST_CASE(the_average_is_that_of_the_last_ten_true_ranges) {
  CausalZigzag zigzag = after_a_high_at_100(9);
  BOOST_TEST(zigzag.average_true_range() == 49.0 / 10);
  zigzag.add({.open = 99.5, .high = 100, .low = 99, .close = 99.5});
  BOOST_TEST(zigzag.average_true_range() == 1);
}

BOOST_AUTO_TEST_CASE(a_gap_counts_into_the_true_range) {
  CausalZigzag zigzag;
  zigzag.add({.open = 100, .high = 101, .low = 100, .close = 100});
  zigzag.add({.open = 110, .high = 111, .low = 110, .close = 110});  // 111 - 100
  BOOST_TEST(zigzag.average_true_range() == 6);
}

BOOST_AUTO_TEST_CASE(where_nothing_moves_nothing_is_confirmed) {
  CausalZigzag zigzag;
  for (int i = 0; i < 30; ++i) zigzag.add({.open = 7, .high = 7, .low = 7, .close = 7});
  BOOST_TEST(!zigzag.high());
  BOOST_TEST(!zigzag.low());
}

BOOST_AUTO_TEST_SUITE_END()
