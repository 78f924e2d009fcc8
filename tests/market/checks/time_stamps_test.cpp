#include "market/checks/time_stamps.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(time_stamps)

BOOST_AUTO_TEST_CASE(an_even_series_has_nothing_wrong_with_it) {
  const TimeStampSummary got = check_time_stamps(std::vector<std::int64_t>{60, 120, 180, 240});
  BOOST_TEST(got.rows == 4U);
  BOOST_TEST(got.first == 60);
  BOOST_TEST(got.last == 240);
  BOOST_TEST(got.median_spacing == 60);
  BOOST_TEST(got.duplicates + got.back_steps + got.gaps == 0U);
  BOOST_TEST(got.missing == 0);
}

BOOST_AUTO_TEST_CASE(a_step_of_just_the_limit_is_no_gap_and_a_longer_one_is) {
  const TimeStampSummary at = check_time_stamps(std::vector<std::int64_t>{0, 10, 20, 30, 60});
  BOOST_TEST(at.gaps == 0U);
  const TimeStampSummary beyond = check_time_stamps(std::vector<std::int64_t>{0, 10, 20, 30, 61});
  BOOST_TEST(beyond.gaps == 1U);
  BOOST_TEST(beyond.missing == 21);
  BOOST_TEST(beyond.longest_gaps.at(0).row == 4U);
  BOOST_TEST(beyond.longest_gaps.at(0).from == 30);
  BOOST_TEST(beyond.longest_gaps.at(0).to == 61);
}

BOOST_AUTO_TEST_CASE(the_longest_gaps_come_first_and_the_list_is_short) {
  const std::vector<std::int64_t> time{0, 1, 2, 12, 13, 33, 34, 44, 45};
  const TimeStampSummary got = check_time_stamps(time, {.gap_factor = 3, .listed = 2});
  BOOST_TEST(got.gaps == 3U);
  BOOST_TEST(got.longest_gaps.size() == 2U);
  BOOST_TEST(got.longest_gaps.at(0).length() == 20);
  BOOST_TEST(got.longest_gaps.at(1).row == 3U);  // of two equal ones the earlier
}

BOOST_AUTO_TEST_CASE(stamps_that_repeat_or_go_back_are_named) {
  const TimeStampSummary got = check_time_stamps(std::vector<std::int64_t>{0, 10, 10, 20, 15, 25, 25}, {.listed = 1});
  BOOST_TEST(got.duplicates == 2U);
  BOOST_TEST(got.back_steps == 1U);
  BOOST_TEST((got.duplicate_rows == std::vector<std::size_t>{2}));
  BOOST_TEST((got.back_step_rows == std::vector<std::size_t>{4}));
  BOOST_TEST(got.median_spacing == 10);  // of the steps forward alone
}

BOOST_AUTO_TEST_CASE(no_stamps_and_one_stamp_have_no_spacing) {
  BOOST_TEST(check_time_stamps({}).rows == 0U);
  const TimeStampSummary one = check_time_stamps(std::vector<std::int64_t>{7});
  BOOST_TEST(one.first == 7);
  BOOST_TEST(one.median_spacing == 0);
  BOOST_TEST(one.gaps == 0U);
}

BOOST_AUTO_TEST_CASE(a_gap_shorter_than_the_usual_step_is_refused) {
  BOOST_TEST(holds(refusal_of([] { check_time_stamps({}, {.gap_factor = 0.5}); }), "0.5 times the usual spacing"));
}

BOOST_AUTO_TEST_SUITE_END()
