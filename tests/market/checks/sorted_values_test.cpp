#include "market/checks/sorted_values.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "market/checks/ranks.h"
#include "tests/market/checks/series.h"

using namespace moola::market;
using namespace moola::test;

namespace {

// Signs, tiny and huge numbers, zeros of both signs and many equal ones.
std::vector<double> of_all_kinds(std::size_t count) {
  std::vector<double> out = noise(count, 37);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 5 == 0) out[i] = std::ldexp(out[i], static_cast<int>(i % 1500) - 750);
    if (i % 7 == 0) out[i] = std::round(out[i]);
    if (i % 11 == 0) out[i] = -0.0;
  }
  return out;
}

const double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_SUITE(sorted_values)

BOOST_AUTO_TEST_CASE(few_and_many_values_come_in_the_order_of_the_standard_library) {
  for (const std::size_t count : {0U, 1U, 2U, 1023U, 1024U, 20000U}) {
    std::vector<double> values = of_all_kinds(count), want = values;
    std::sort(want.begin(), want.end());
    sort_values(values);
    BOOST_TEST((values == want));
    BOOST_TEST(std::none_of(values.begin(), values.end(), [](double v) { return v == 0 && std::signbit(v); }));
  }
}

BOOST_AUTO_TEST_CASE(values_that_differ_in_their_last_digits_alone_are_sorted_too) {
  // One huge value: the upper bits tell nothing about the others.
  std::vector<double> values = noise(5000, 37), want;
  for (double& value : values) value = 1 + value * 0x1p-48;
  values[77] = 1e300;
  want = values;
  std::sort(want.begin(), want.end());
  sort_values(values);
  BOOST_TEST((values == want));
}

BOOST_AUTO_TEST_CASE(only_finite_values_of_the_rows_are_taken) {
  const std::vector<double> column{9, 3, std::nan(""), 1, kInfinity, -kInfinity, 2, 9};
  const std::vector<Rows> rows{{1, 4}, {4, 4}, {5, 7}};
  BOOST_TEST((sorted_finite(column, rows) == std::vector<double>{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(rows_that_there_are_not_are_refused) {
  const std::vector<double> column{1, 2};
  BOOST_CHECK_THROW(sorted_finite(column, std::vector<Rows>{{0, 3}}), std::invalid_argument);
  BOOST_CHECK_THROW(sorted_finite(column, std::vector<Rows>{{2, 1}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(values_that_differ_are_cut_at_their_quantiles) {
  std::vector<double> values(101);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  BOOST_TEST((quantile_cuts(values, 4) == std::vector<double>{25, 50, 75}));
  // 0 to 25, 26 to 50, 51 to 75, 76 to 100.
  BOOST_TEST((count_in_bins(values, quantile_cuts(values, 4)) == std::vector<std::size_t>{26, 25, 25, 25}));
}

BOOST_AUTO_TEST_CASE(as_many_values_as_bins_get_a_bin_each_and_one_more_does_not) {
  // Nine of ten are 1: quantiles alone would put all into one bin.
  std::vector<double> flags(10, 1.0);
  flags[0] = 0;
  BOOST_TEST((quantile_cuts(flags, 10) == std::vector<double>{0}));
  BOOST_TEST((quantile_cuts(std::vector<double>{1, 2, 3}, 3) == std::vector<double>{1, 2}));
  // A third of the way from 3 to 4; the other cut would be the largest value, above which there is nothing.
  const std::vector<double> cuts = quantile_cuts(std::vector<double>{1, 2, 3, 4, 4, 4, 4, 4}, 3);
  BOOST_TEST(cuts.size() == 1U);
  BOOST_TEST(close_to(cuts.at(0), 10.0 / 3));
  BOOST_TEST(quantile_cuts(std::vector<double>{5, 5}, 3).empty());
  BOOST_TEST(quantile_cuts({}, 3).empty());
  BOOST_CHECK_THROW(quantile_cuts(flags, 1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_value_on_a_cut_lies_below_it_and_outside_values_count) {
  const std::vector<double> cuts{0, 1}, values{-kInfinity, -5, 0, 0.5, 1, 1.5, kInfinity};
  BOOST_TEST((count_in_bins(values, cuts) == std::vector<std::size_t>{3, 2, 2}));
}

BOOST_AUTO_TEST_CASE(equal_values_share_their_rank) {
  // scipy.stats.rankdata([3, 1, 3, -2, 3]) -> 4, 2, 4, 1, 4
  BOOST_TEST((midranks(std::vector<double>{3, 1, 3, -2, 3}) == std::vector<double>{4, 2, 4, 1, 4}));
  const std::vector<double> zeros = midranks(std::vector<double>{0.0, std::nan(""), -0.0});
  BOOST_TEST(zeros[0] == 1.5);
  BOOST_TEST(std::isnan(zeros[1]));
  BOOST_TEST(zeros[2] == 1.5);
}

BOOST_AUTO_TEST_SUITE_END()
