#include "market/checks/correlation.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "market/checks/product_kernel.h"
#include "tests/market/checks/series.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Columns = std::vector<std::vector<double>>;

// [noise(1000), walk(1000), noise(1000)**2, walk(1000) + 100*noise(1000, 17), noise(1000, 5)]
Columns five() {
  Columns out{noise(1000), walk(1000), noise(1000), walk(1000), noise(1000, 5)};
  const std::vector<double> other = noise(1000, 17);
  for (std::size_t i = 0; i < 1000; ++i) {
    out[2][i] *= out[2][i];
    out[3][i] += 100 * other[i];
  }
  return out;
}

CorrelationMatrix correlate_all(const Columns& columns, const CorrelationOptions& options = {}, unsigned threads = 1) {
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  return correlate(spans, std::vector<Rows>{{0, columns[0].size()}}, options, threads);
}

void check_upper(const CorrelationMatrix& got, const std::vector<double>& want) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < got.columns; ++i) {
    BOOST_TEST(got.at(i, i) == 1.0);
    for (std::size_t j = i + 1; j < got.columns; ++j) {
      BOOST_TEST(close_to(got.at(i, j), want[next++]));
      BOOST_TEST(got.at(i, j) == got.at(j, i));
    }
  }
}

// Of these rows alone, one pair after the other, with twice the digits.
double brute_force(const std::vector<double>& a, const std::vector<double>& b, const std::vector<std::size_t>& rows) {
  long double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
  for (const std::size_t row : rows) {
    mean_a += a[row] / static_cast<long double>(rows.size());
    mean_b += b[row] / static_cast<long double>(rows.size());
  }
  for (const std::size_t row : rows) {
    ab += (a[row] - mean_a) * (b[row] - mean_b);
    aa += (a[row] - mean_a) * (a[row] - mean_a);
    bb += (b[row] - mean_b) * (b[row] - mean_b);
  }
  return static_cast<double>(ab / std::sqrt(aa * bb));
}

// 27 columns: more than three groups of eight, and some left over.
Columns many(std::size_t rows) {
  Columns out;
  for (std::size_t c = 0; c < 27; ++c) {
    out.push_back(noise(rows, 3 + 2 * c));
    const std::vector<double> other = walk(rows, 101 + c);
    for (std::size_t i = 0; i < rows; ++i) out[c][i] = 1e4 + out[c][i] + static_cast<double>(c) / 100 * other[i];
  }
  return out;
}

CorrelationMatrix matrix(std::size_t columns, const std::vector<CorrelatedPair>& pairs) {
  CorrelationMatrix out{.columns = columns, .rows = 0, .values = std::vector<double>(columns * columns)};
  for (const auto& [i, j, value] : pairs) out.values[i * columns + j] = out.values[j * columns + i] = value;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(correlation)

BOOST_AUTO_TEST_CASE(pearsons_correlations_are_those_of_numpy) {
  // np.corrcoef(columns)
  check_upper(correlate_all(five()), {0.308785590903135, 0.000747706120413693, -0.0919342474579062, 0.0115395503882054,
                                      -0.46677843987694, 0.00429568657802387, 0.0676337199686256, -0.0106999081071349,
                                      -0.00269542102732931, -0.00307313097859832});
}

BOOST_AUTO_TEST_CASE(spearmans_correlations_are_those_of_scipy) {
  // scipy.stats.spearmanr(np.array(columns).T).statistic
  check_upper(
      correlate_all(five(), {.ranks = true}),
      {0.290337679489454, 0.00247691415513441, -0.0955369869700418, 0.0115483555483555, -0.460086728544312,
       0.000112578281445825, 0.0667295558230198, -0.00347472268681047, -0.00262567852481403, -0.00299080503566711});
}

BOOST_AUTO_TEST_CASE(every_pair_of_many_columns_is_that_of_one_pair_alone) {
  const Columns columns = many(700);
  const CorrelationMatrix got = correlate_all(columns);
  std::vector<std::size_t> rows(700);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = i + 1; j < columns.size(); ++j)
      BOOST_REQUIRE(close_to(got.at(i, j), brute_force(columns[i], columns[j], rows), 1e-11));
  }
}

BOOST_AUTO_TEST_CASE(a_stride_counts_through_the_ranges) {
  const Columns columns = many(100);
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  // 10 … 14, 20, 21, 22, 40 … 69: every third of these.
  const CorrelationMatrix got =
      correlate(spans, std::vector<Rows>{{10, 15}, {17, 17}, {20, 23}, {40, 70}}, {.stride = 3}, 1);
  std::vector<std::size_t> rows{10, 13, 21};
  for (std::size_t row = 41; row < 70; row += 3) rows.push_back(row);
  BOOST_TEST(got.rows == rows.size());
  BOOST_TEST(close_to(got.at(2, 19), brute_force(columns[2], columns[19], rows), 1e-11));
  const CorrelationMatrix ranked =
      correlate(spans, std::vector<Rows>{{10, 15}, {17, 17}, {20, 23}, {40, 70}}, {.stride = 3, .ranks = true}, 1);
  BOOST_TEST(ranked.rows == rows.size());
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit) {
  const Columns columns = many(10000);
  BOOST_TEST((correlate_all(columns, {}, 1).values == correlate_all(columns, {}, 3).values));
  std::vector<double> block(4 * product_kernel::kRows * product_kernel::kColumns);
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = columns[i % 27][i / 27] - 1e4;
  std::vector<std::vector<double>> sums;
  for (const Isa set : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!supported(set)) continue;
    sums.emplace_back(4 * 8 * 4 * 8);
    product_kernel::add_products(set)(block.data(), 4, 100, sums.back().data());
    BOOST_TEST((sums.back() == sums.front()));
  }
}

BOOST_AUTO_TEST_CASE(a_constant_column_correlates_with_none_and_a_missing_value_is_the_mean) {
  Columns columns{
      {1, 2, 3, 4}, {7, 7, 7, 7}, {2, 4, 6, 8}, {1, std::nan(""), 3, std::numeric_limits<double>::infinity()}};
  const CorrelationMatrix got = correlate_all(columns);
  BOOST_TEST(got.at(0, 1) == 0.0);
  BOOST_TEST(got.at(1, 1) == 1.0);
  BOOST_TEST(got.at(0, 2) == 1.0);
  // {1, 2, 3, 2} with {1, 2, 3, 4}: 2 / sqrt(2 * 5).
  BOOST_TEST(close_to(got.at(0, 3), 2 / std::sqrt(10.0)));
}

BOOST_AUTO_TEST_CASE(columns_that_hang_together_through_others_are_one_group) {
  const CorrelationMatrix chain = matrix(6, {{0, 4, 0.9}, {4, 2, -0.95}, {1, 3, 0.86}, {0, 2, 0.1}, {5, 1, 0.85}});
  const auto groups = correlation_groups(chain, 0.85);
  BOOST_REQUIRE(groups.size() == 2U);
  BOOST_TEST((groups[0].columns == std::vector<std::size_t>{0, 2, 4}));
  BOOST_TEST(groups[0].strongest == 0.95);
  BOOST_TEST(groups[0].kept == 0U);
  BOOST_TEST((groups[1].columns == std::vector<std::size_t>{1, 3}));  // 0.85 is not above 0.85
}

BOOST_AUTO_TEST_CASE(the_column_of_the_highest_priority_is_kept_and_the_first_of_equal_ones) {
  const CorrelationMatrix chain = matrix(4, {{0, 1, 0.9}, {1, 2, 0.9}, {2, 3, 0.9}});
  BOOST_TEST(correlation_groups(chain, 0.85, std::vector<double>{1, 2, 5, 5}).at(0).kept == 2U);
  BOOST_CHECK_THROW(correlation_groups(chain, 0.85, std::vector<double>{1, 2}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_strongest_pairs_come_first) {
  const CorrelationMatrix some = matrix(4, {{0, 1, 0.9}, {1, 2, -0.95}, {2, 3, 0.5}});
  const auto pairs = strongest_pairs(some, 0.5, 5);
  BOOST_REQUIRE(pairs.size() == 2U);
  BOOST_TEST(pairs[0].first == 1U);
  BOOST_TEST(pairs[0].correlation == -0.95);
  BOOST_TEST(strongest_pairs(some, 0.5, 1).size() == 1U);
}

BOOST_AUTO_TEST_CASE(no_stride_and_rows_that_there_are_not_are_refused) {
  const Columns columns = five();
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  BOOST_CHECK_THROW(correlate(spans, std::vector<Rows>{{0, 10}}, {.stride = 0}, 1), std::invalid_argument);
  BOOST_CHECK_THROW(correlate(spans, std::vector<Rows>{{0, 1001}}, {}, 1), std::invalid_argument);
  BOOST_TEST(correlate(spans, {}, {}, 2).at(0, 1) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
