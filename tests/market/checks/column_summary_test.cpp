#include "market/checks/column_summary.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/market/checks/series.h"

using namespace moola::market;
using namespace moola::test;

namespace {

const double kNaN = std::nan(""), kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> cubes() {
  std::vector<double> out = noise(5000);
  for (double& value : out) value = value * value * value;
  return out;
}

ColumnSummary summary_of(const std::vector<double>& column) {
  return summarise_column(column, std::vector<Rows>{{0, column.size()}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(column_summary)

BOOST_AUTO_TEST_CASE(moments_and_quantiles_are_those_of_numpy_and_scipy) {
  // x = noise(5000) ** 3; x.mean(), x.std(), st.skew(x), st.kurtosis(x), np.percentile(x, [1, 25, 50, 75, 99])
  const ColumnSummary got = summary_of(cubes());
  BOOST_TEST(close_to(got.mean, 0.10008956909179688));
  BOOST_TEST(close_to(got.deviation, 185.22871265628933));
  BOOST_TEST(close_to(got.skew, 0.0017567705807876445));
  BOOST_TEST(close_to(got.kurtosis, 0.76754340947752064));
  BOOST_TEST(close_to(got.percentile_1, -459.87619018554688));
  BOOST_TEST(close_to(got.quartile_1, -61.046630859375));
  BOOST_TEST(got.median == 0.0);
  BOOST_TEST(close_to(got.quartile_3, 61.046630859375));
  BOOST_TEST(close_to(got.percentile_99, 459.90417446136536));
  BOOST_TEST(got.min == -488.373046875);
  BOOST_TEST(got.max == 488.373046875);
  BOOST_TEST(close_to(got.first_half_mean, -0.17192003936767578));
  BOOST_TEST(close_to(got.second_half_mean, 0.37209917755126953));
  BOOST_TEST(got.distinct == 1000U);  // there are 1,009, and 1,000 are counted
  BOOST_TEST(summarise_column(cubes(), std::vector<Rows>{{0, 5000}}, {.distinct_limit = 2000}).distinct == 1009U);
  BOOST_TEST(!got.constant);
}

BOOST_AUTO_TEST_CASE(a_small_move_far_from_zero_keeps_its_digits) {
  // 2^40 + {0, 1, 0, 1, ...}: mean 2^40 + 1/2, deviation 1/2, kurtosis 1 - 3.
  std::vector<double> column(1000, 0x1p40);
  for (std::size_t i = 1; i < column.size(); i += 2) column[i] += 1;
  const ColumnSummary got = summary_of(column);
  BOOST_TEST(got.mean == 0x1p40 + 0.5);
  BOOST_TEST(got.deviation == 0.5);
  BOOST_TEST(got.skew == 0.0);
  BOOST_TEST(got.kurtosis == -2.0);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_counted_and_left_out) {
  const ColumnSummary got = summary_of({1, kNaN, 3, kInfinity, -kInfinity, kNaN, 2});
  BOOST_TEST(got.rows == 7U);
  BOOST_TEST(got.nan == 2U);
  BOOST_TEST(got.infinite == 2U);
  BOOST_TEST(got.finite == 3U);
  BOOST_TEST(got.mean == 2.0);
  BOOST_TEST(got.first_half_mean == 2.0);   // of 1 and 3: the first four rows
  BOOST_TEST(got.second_half_mean == 2.0);  // of 2
}

BOOST_AUTO_TEST_CASE(only_the_rows_asked_for_count) {
  const std::vector<double> column{100, 1, 2, 100, 3, 100};
  const ColumnSummary got = summarise_column(column, std::vector<Rows>{{1, 3}, {4, 5}});
  BOOST_TEST(got.rows == 3U);
  BOOST_TEST(got.mean == 2.0);
  BOOST_TEST(got.max == 3.0);
}

BOOST_AUTO_TEST_CASE(a_column_that_does_not_move_has_no_moments) {
  const ColumnSummary got = summary_of(std::vector<double>(7, 0.1));
  BOOST_TEST(got.constant);
  BOOST_TEST(got.mean == 0.1);
  BOOST_TEST(got.deviation == 0.0);
  BOOST_TEST(got.skew == 0.0);
  BOOST_TEST(got.kurtosis == 0.0);
  BOOST_TEST(got.distinct == 1U);
  BOOST_TEST(got.longest_run == 7U);
}

BOOST_AUTO_TEST_CASE(a_value_just_beyond_five_deviations_is_seen_and_one_just_within_is_not) {
  // n - 1 zeros and a one: mean 1/n, variance (1/n)(1 - 1/n), so the one is sqrt(n - 1) deviations away.
  const auto spike = [](std::size_t rows) {
    std::vector<double> column(rows);
    column[3] = 1;
    return summary_of(column).beyond_5_deviations;
  };
  BOOST_TEST(spike(25) == 0.0);
  BOOST_TEST(spike(28) == 1.0 / 28);
}

BOOST_AUTO_TEST_CASE(a_run_ends_with_another_value_no_value_or_the_range) {
  const std::vector<double> column{5, 5, 5, 4, 5, 5, kNaN, 5, 5, kNaN, kNaN, kNaN, kNaN};
  BOOST_TEST(summary_of(column).longest_run == 3U);
  BOOST_TEST(summarise_column(column, std::vector<Rows>{{0, 2}, {2, 5}}).longest_run == 2U);
  BOOST_TEST(summary_of({kNaN, kNaN}).longest_run == 0U);
}

BOOST_AUTO_TEST_CASE(no_rows_make_an_empty_summary) {
  const ColumnSummary got = summary_of({});
  BOOST_TEST(got.rows == 0U);
  BOOST_TEST(got.mean == 0.0);
  BOOST_TEST(!got.constant);
  BOOST_CHECK_THROW(summarise_column({}, std::vector<Rows>{{0, 1}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_says_the_same) {
  const std::vector<double> a = cubes(), b = walk(5000), c(5000, 1.0);
  const std::vector<std::span<const double>> columns{a, b, c};
  const std::vector<Rows> rows{{10, 4000}};
  const auto one = summarise_columns(columns, rows, {}, 1), four = summarise_columns(columns, rows, {}, 4);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    BOOST_TEST(one[i].mean == four[i].mean);
    BOOST_TEST(one[i].kurtosis == four[i].kurtosis);
    BOOST_TEST(one[i].mean == summarise_column(columns[i], rows).mean);
  }
}

BOOST_AUTO_TEST_SUITE_END()
