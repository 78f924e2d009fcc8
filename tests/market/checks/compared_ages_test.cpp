#include "market/checks/compared_ages.h"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace moola::market;

BOOST_AUTO_TEST_SUITE(ages_of_compared_bars)

BOOST_AUTO_TEST_CASE(a_bar_that_ends_with_ours_has_age_0_and_an_older_one_what_lies_between) {
  // Bars of length 5. Ours end at 15, 20, 25, 30, 35; the other's at 20, 25, 45.
  const std::vector<std::int64_t> ours{10, 15, 20, 25, 30}, other{15, 20, 40};
  const ComparedAges ages = compared_ages({ours, 5}, {other, 5}, 5);
  BOOST_TEST(ages.before_first == 1);
  BOOST_TEST(ages.fresh == 3);    // 0, 0 and, at the boundary, 5
  BOOST_TEST(ages.too_old == 1);  // 10
  BOOST_TEST(ages.bars() == 5);
  BOOST_TEST(ages.median == 5);  // of 0, 0, 5, 10: the upper of the two in the middle
  BOOST_TEST(ages.most == 10);
}

BOOST_AUTO_TEST_CASE(bars_of_another_time_are_beside_none) {
  const std::vector<std::int64_t> ours{10, 15}, other{100};
  const ComparedAges late = compared_ages({ours, 5}, {other, 5}, 5);
  BOOST_TEST(late.before_first == 2);
  BOOST_TEST(late.most == 0);
  BOOST_TEST(compared_ages({other, 5}, {ours, 5}, 5).too_old == 1);
  BOOST_TEST(compared_ages({{}, 5}, {ours, 5}, 5).bars() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
