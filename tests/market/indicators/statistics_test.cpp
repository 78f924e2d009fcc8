#include "market/indicators/statistics.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "market/indicators/indicator.h"
#include "market/indicators/one_bar_returns.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Column = std::vector<double>;
using Exact = long double;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// x[begin .. row] of a window.
struct Window {
  const Column& x;
  std::size_t begin, row;

  Exact n() const { return static_cast<Exact>(row + 1 - begin); }
  Exact mean() const {
    Exact total = 0;
    for (std::size_t i = begin; i <= row; ++i) total += x[i];
    return total / n();
  }
  // The sum of deviations to the `power`.
  Exact moment(int power) const {
    const Exact middle = mean();
    Exact total = 0;
    for (std::size_t i = begin; i <= row; ++i) total += std::pow(x[i] - middle, power);
    return total;
  }
  bool still() const {
    return std::all_of(x.begin() + static_cast<std::ptrdiff_t>(begin), x.begin() + static_cast<std::ptrdiff_t>(row) + 1,
                       [&](double value) { return value == x[row]; });
  }
};

Exact products(const Window& a, const Window& b) {
  const Exact mean_a = a.mean(), mean_b = b.mean();
  Exact total = 0;
  for (std::size_t k = 0; k <= a.row - a.begin; ++k) total += (a.x[a.begin + k] - mean_a) * (b.x[b.begin + k] - mean_b);
  return total;
}

// NaN up to row `first`, and from it on what wanted(row) says, to `tolerance` of the larger of it and 1.
void check(const Column& got, std::size_t first, double tolerance, const std::function<Exact(std::size_t)>& wanted) {
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (i < first) {
      BOOST_REQUIRE_MESSAGE(std::isnan(got[i]), "a value at row " << i);
      continue;
    }
    const Exact exact = wanted(i);
    const double off =
        std::fabs(static_cast<double>(got[i] - exact)) / std::max(1.0, std::fabs(static_cast<double>(exact)));
    BOOST_REQUIRE_MESSAGE(!std::isnan(off), "no value at row " << i);
    worst = std::max(worst, off);
  }
  BOOST_TEST(worst <= tolerance);
}

// Bars at 60,000 that move by 1, three rows of NaN at the start.
Column dear_closes(std::uint64_t seed) {
  Column out = walking_bars(seed, 2300).close;
  for (double& value : out) value = 60'000 + (value - 100) * 4;
  std::fill_n(out.begin(), 3, kNaN);
  return out;
}

Column returns_of(const Bars& bars) {
  Column out(bars.size());
  one_bar_returns(bars.close, out);
  return out;
}

Column log_returns_of(const Bars& bars) {
  Column out(bars.size());
  log_change(bars.close, 1, out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(deviations_and_scores_are_the_populations) {
  const Column x = dear_closes(41);
  for (const std::size_t period : {1U, 2U, 5U, 20U, 31U, 600U}) {
    const int n = static_cast<int>(period);
    const auto window = [&](std::size_t row) { return Window{x, row + 1 - period, row}; };
    Column out(x.size());
    variance(x, n, out);
    check(out, period + 2, 1e-9, [&](std::size_t row) { return window(row).moment(2) / window(row).n(); });
    stddev(x, n, 2.5, out);
    check(out, period + 2, 1e-9,
          [&](std::size_t row) { return 2.5L * std::sqrt(window(row).moment(2) / window(row).n()); });
    average_deviation(x, n, out);
    check(out, period + 2, 1e-10, [&](std::size_t row) {
      Exact total = 0;
      for (std::size_t i = row + 1 - period; i <= row; ++i) total += std::fabs(x[i] - window(row).mean());
      return total / window(row).n();
    });
    const std::int64_t undefined = zscore(x, n, out);
    std::int64_t still = 0;
    check(out, period + 2, 1e-8, [&](std::size_t row) {
      still += window(row).still();
      return window(row).still() ? 0
                                 : (x[row] - window(row).mean()) / std::sqrt(window(row).moment(2) / window(row).n());
    });
    BOOST_TEST(undefined == still);
  }
}

BOOST_AUTO_TEST_CASE(a_score_is_counted_in_deviations) {
  Column out(4);
  BOOST_TEST(zscore(Column{1, 1, 3, 3}, 2, out) == 2);  // the windows {1, 1} and {3, 3}
  BOOST_TEST(out[1] == 0.0);
  BOOST_TEST(out[2] == 1.0);  // mean 2, deviation 1
  BOOST_TEST(out[3] == 0.0);
}

BOOST_AUTO_TEST_CASE(correlations_are_pearsons_and_0_where_one_stands_still) {
  const Bars bars = walking_bars(42, 2300);
  Column x = dear_closes(42), y = bars.volume;
  for (const std::size_t period : {2U, 7U, 30U, 97U, 600U}) {
    Column out(x.size());
    const std::int64_t undefined = correlation(x, y, static_cast<int>(period), out);
    std::int64_t still = 0;
    check(out, period + 2, 1e-8, [&](std::size_t row) -> Exact {
      const Window a{x, row + 1 - period, row}, b{y, row + 1 - period, row};
      const bool none = a.still() || b.still();
      still += none;
      return none ? 0 : products(a, b) / std::sqrt(a.moment(2) * b.moment(2));
    });
    BOOST_TEST(undefined == still);
    BOOST_TEST((period > 50 || still > 0));
  }
  Column same(x.size());
  correlation(x, x, 5, same);
  BOOST_TEST(
      std::all_of(same.begin() + 7, same.end(), [](double r) { return r <= 1.0 && (r > 0.999999 || r == 0.0); }));
  Column shorter(5);
  BOOST_CHECK_THROW(correlation(x, shorter, 5, same), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_beta_is_the_slope_of_ys_returns_on_xs) {
  const Bars bars = walking_bars(43, 2300);
  const auto returns = [](const Column& of) {
    Column out(of.size(), kNaN);
    for (std::size_t i = 1; i < of.size(); ++i) out[i] = of[i - 1] == 0 ? 0 : (of[i] - of[i - 1]) / of[i - 1];
    return out;
  };
  for (const Column* y : {&bars.low, &bars.volume}) {
    const Column rx = returns(bars.close), ry = returns(*y);
    for (const std::size_t period : {2U, 5U, 30U, 77U}) {
      Column out(bars.size());
      const std::int64_t undefined = beta(bars.close, *y, static_cast<int>(period), out);
      std::int64_t still = 0;
      check(out, period, 1e-9, [&](std::size_t row) -> Exact {
        const Window a{rx, row + 1 - period, row}, b{ry, row + 1 - period, row};
        still += a.still();
        return a.still() ? 0 : products(a, b) / a.moment(2);
      });
      BOOST_TEST(undefined == still);
    }
  }
  // Returns 1 and -1/2 of x, 2 and -1/2 of y: (2 + 1/2) / (1 + 1/2).
  Column out(3);
  BOOST_TEST(beta(Column{1, 2, 1}, Column{1, 3, 1.5}, 2, out) == 0);
  BOOST_TEST(out[2] == 2.5 / 1.5, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(skewness_and_kurtosis_of_four_numbers_are_those_done_by_hand) {
  // 1, 2, 3, 10: mean 4, sums of powers 50, 180, 1394; G1 = 4 sqrt(3) / 2 180 / 50^1.5,
  // G2 = 4 5 3 / 2 1394 / 2500 - 3 9 / 2.
  Column skew(5), kurtosis(5), work(5);
  BOOST_TEST(skew_and_kurtosis(Column{7, 1, 2, 3, 10}, 4, skew, kurtosis, work) == 0);
  BOOST_TEST(std::isnan(skew[2]));
  BOOST_TEST(skew[4] == 1.7636326148038882, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(kurtosis[4] == 3.228, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(skew_and_kurtosis(Column{1, 1, 1, 1, 1}, 4, skew, kurtosis, work) == 2);
  BOOST_TEST((skew[4] == 0.0 && kurtosis[4] == 0.0));
  BOOST_CHECK_THROW(skew_and_kurtosis(Column{1, 2, 3}, 3, skew, kurtosis, work), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(skewness_and_kurtosis_of_returns_are_fishers_unbiased_ones) {
  const Column x = returns_of(walking_bars(44, 2300));
  for (const std::size_t period : {4U, 5U, 20U, 60U, 113U}) {
    Column skew(x.size()), kurtosis(x.size()), work(x.size());
    const std::int64_t undefined = skew_and_kurtosis(x, static_cast<int>(period), skew, kurtosis, work);
    const auto n = static_cast<Exact>(period);
    std::int64_t still = 0;
    const auto window = [&](std::size_t row) { return Window{x, row + 1 - period, row}; };
    check(skew, period, 1e-10, [&](std::size_t row) -> Exact {
      still += window(row).still();
      if (window(row).still()) return 0;
      return n * std::sqrt(n - 1) / (n - 2) * window(row).moment(3) / std::pow(window(row).moment(2), 1.5L);
    });
    check(kurtosis, period, 1e-10, [&](std::size_t row) -> Exact {
      if (window(row).still()) return 0;
      const Exact m2 = window(row).moment(2);
      return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * n * window(row).moment(4) / (m2 * m2) - 3 * (n - 1));
    });
    BOOST_TEST(undefined == still);
  }
}

BOOST_AUTO_TEST_CASE(a_percentile_rank_counts_what_is_strictly_below_among_those_before) {
  Column out(6);
  percent_rank(Column{1, 2, 2, 3, 0, 2}, 4, out);
  BOOST_TEST(std::isnan(out[3]));
  BOOST_TEST(out[4] == 0.0);
  BOOST_TEST(out[5] == 25.0);  // of 2, 2, 3, 0 only the 0
  const Column x = dear_closes(45);
  for (const std::size_t period : {1U, 20U, 100U}) {
    Column ranks(x.size());
    percent_rank(x, static_cast<int>(period), ranks);
    check(ranks, period + 3, 1e-14, [&](std::size_t row) {
      Exact below = 0;
      for (std::size_t i = row - period; i < row; ++i) below += x[i] < x[row];
      return 100 * below / static_cast<Exact>(period);
    });
  }
}

BOOST_AUTO_TEST_CASE(an_autocorrelation_is_of_values_with_those_before_them_each_about_its_own_mean) {
  const Column x = returns_of(walking_bars(46, 2300));
  for (const auto& [lag, pairs] : {std::pair{1, 19}, {5, 15}, {10, 10}, {1, 100}, {78, 40}, {300, 2}}) {
    Column out(x.size());
    const std::int64_t undefined = autocorrelation(x, lag, pairs, out);
    const auto back = static_cast<std::size_t>(lag), length = static_cast<std::size_t>(pairs);
    std::int64_t still = 0;
    check(out, back + length, 1e-10, [&](std::size_t row) -> Exact {
      const Window a{x, row + 1 - length, row}, b{x, row + 1 - length - back, row - back};
      const bool none = a.still() || b.still();
      still += none;
      return none ? 0 : products(a, b) / std::sqrt(a.moment(2) * b.moment(2));
    });
    BOOST_TEST(undefined == still);
  }
  Column few(3);
  BOOST_TEST(autocorrelation(Column{1, 2, 3}, 5, 2, few) == 0);
  BOOST_TEST(std::all_of(few.begin(), few.end(), [](double value) { return std::isnan(value); }));
}

namespace {

// Hurst's exponent in the plainest way; none where fewer than two lengths have pieces that move.
std::optional<Exact> plain_hurst(const Column& x, std::size_t begin, std::size_t period, std::size_t longest) {
  std::vector<Exact> log_length, log_range;
  for (std::size_t length = 2; length <= longest; ++length) {
    Exact total = 0;
    int moving = 0;
    for (std::size_t piece = 0; piece < period / length; ++piece) {
      const Window w{x, begin + piece * length, begin + (piece + 1) * length - 1};
      if (w.still()) continue;
      Exact path = 0, high = 0, low = 0;
      for (std::size_t i = w.begin; i <= w.row; ++i) {
        path += x[i] - w.mean();
        high = std::max(high, path);
        low = std::min(low, path);
      }
      total += (high - low) / std::sqrt(w.moment(2) / (w.n() - 1));
      ++moving;
    }
    if (moving == 0) continue;
    log_length.push_back(std::log(static_cast<Exact>(length)));
    log_range.push_back(std::log(total / moving));
  }
  const std::size_t n = log_length.size();
  if (n < 2) return std::nullopt;
  Exact mean_x = 0, mean_y = 0, xy = 0, xx = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean_x += log_length[i] / static_cast<Exact>(n);
    mean_y += log_range[i] / static_cast<Exact>(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    xy += (log_length[i] - mean_x) * (log_range[i] - mean_y);
    xx += (log_length[i] - mean_x) * (log_length[i] - mean_x);
  }
  return std::clamp(xy / xx, Exact{0}, Exact{1});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hurst_exponent_is_the_slope_of_rescaled_ranges_on_lengths) {
  Column x = log_returns_of(walking_bars(47, 1500));
  std::fill_n(x.begin() + 400, 150, 0.0);
  for (const auto& [period, longest] : {std::pair{99U, 20U}, {40U, 3U}, {61U, 38U}}) {
    Column out(x.size());
    const std::int64_t undefined = hurst_exponent(x, static_cast<int>(period), static_cast<int>(longest), out);
    std::int64_t none = 0;
    check(out, period, 1e-9, [&](std::size_t row) -> Exact {
      const auto exact = plain_hurst(x, row + 1 - period, period, longest);
      none += !exact;
      return exact.value_or(0.5L);
    });
    BOOST_TEST(undefined == none);
    BOOST_TEST(none > 0);
  }
  Column out(x.size());
  BOOST_CHECK_THROW(hurst_exponent(x, 20, 20, out), std::invalid_argument);
  BOOST_CHECK_THROW(hurst_exponent(x, 20, 2, out), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_hurst_exponent_tells_moves_that_go_on_from_moves_that_are_undone) {
  Column on(300), undone(300), out(300);
  for (std::size_t i = 0; i < on.size(); ++i) {
    on[i] = std::sin(static_cast<double>(i) / 30);
    undone[i] = (i % 2 == 0 ? 1 : -1) * (1 + 0.01 * std::sin(static_cast<double>(i * i)));
  }
  hurst_exponent(on, 99, 20, out);
  BOOST_TEST(*std::min_element(out.begin() + 98, out.end()) > 0.8);
  hurst_exponent(undone, 99, 20, out);
  BOOST_TEST(*std::max_element(out.begin() + 98, out.end()) < 0.2);
}

BOOST_AUTO_TEST_CASE(an_entropy_is_of_counts_in_equal_bins_between_the_windows_extremes) {
  Column out(10);
  // Each of ten bins once; then nine values of which one is apart: -(8/9 ln 8/9 + 1/9 ln 1/9) / ln 2.
  BOOST_TEST(shannon_entropy(Column{4, 0, 1, 9, 3, 5, 2, 7, 8, 6}, 10, 10, out) == 0);
  BOOST_TEST(out[9] == 1.0, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(shannon_entropy(Column{1, 1, 1, 1, 1, 1, 1, 1, 2, 2}, 9, 2, out) == 0);
  BOOST_TEST(out[8] == 0.50325833477564581, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(shannon_entropy(Column(10, 0.1), 4, 2, out) == 7);
  BOOST_TEST(out[9] == 0.0);

  const Column x = log_returns_of(walking_bars(48, 2300));
  for (const auto& [period, bins] : {std::pair{100U, 10}, {2U, 2}, {20U, 7}, {700U, 100}}) {
    Column entropy(x.size());
    const std::int64_t undefined = shannon_entropy(x, static_cast<int>(period), bins, entropy);
    std::int64_t still = 0;
    check(entropy, period, 1e-12, [&](std::size_t row) -> Exact {
      const auto begin = x.begin() + static_cast<std::ptrdiff_t>(row + 1 - period),
                 end = x.begin() + static_cast<std::ptrdiff_t>(row) + 1;
      const double low = *std::min_element(begin, end), high = *std::max_element(begin, end);
      still += low == high;
      if (low == high) return 0;
      std::vector<int> counts(static_cast<std::size_t>(bins));
      for (auto value = begin; value != end; ++value)
        ++counts[static_cast<std::size_t>(std::min(bins - 1, static_cast<int>((*value - low) / (high - low) * bins)))];
      Exact total = 0;
      for (const int count : counts) {
        const Exact share = static_cast<Exact>(count) / static_cast<Exact>(period);
        if (count > 0) total -= share * std::log(share);
      }
      return total / std::log(static_cast<Exact>(bins));
    });
    BOOST_TEST(undefined == still);
  }
  BOOST_CHECK_THROW(shannon_entropy(x, 10, 1, out), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(fractional_weights_are_those_of_the_binomial_series_down_to_the_threshold) {
  BOOST_TEST(fractional_weights(0, 1e-4) == (Column{1}), boost::test_tools::per_element());
  BOOST_TEST(fractional_weights(1, 1e-4) == (Column{1, -1}), boost::test_tools::per_element());
  BOOST_TEST(fractional_weights(2, 1e-4) == (Column{1, -2, 1}), boost::test_tools::per_element());
  // 1/2: -1/2, -1/8, -1/16, -5/128 = -0.039, -7/256 = -0.027
  BOOST_TEST(fractional_weights(0.5, 0.03) == (Column{1, -0.5, -0.125, -0.0625, -0.0390625}),
             boost::test_tools::per_element());
  BOOST_TEST(fractional_weights(0.5, 0.0390625).size() == 5U);
  for (const double order : {0.1, 0.4, 1.3}) {
    const Column weights = fractional_weights(order, 1e-5);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      Exact wanted = 1;
      for (std::size_t j = 0; j < k; ++j) wanted *= (static_cast<Exact>(j) - order) / static_cast<Exact>(j + 1);
      BOOST_REQUIRE(std::fabs(static_cast<double>(weights[k] - wanted)) <=
                    1e-12 * std::fabs(static_cast<double>(wanted)));
      BOOST_REQUIRE(std::fabs(weights[k]) >= 1e-5);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_fractional_difference_of_order_1_is_the_log_return) {
  const Bars bars = walking_bars(49, 400);
  const IndicatorColumn column = find_column("frac_diff_1");
  BOOST_TEST(column.warm_up() == 1);
  Column out(bars.size());
  const std::vector<std::span<double>> outs{out};
  Scratch scratch(bars.size());
  IndicatorCall call(columns_of(bars), column.values, outs, scratch);
  column.indicator->compute(call);
  const Column wanted = log_returns_of(bars);
  check(out, 1, 1e-14, [&](std::size_t row) { return Exact{wanted[row]}; });
}

BOOST_AUTO_TEST_CASE(a_parameter_of_many_decimals_stands_in_a_name_without_an_exponent) {
  const IndicatorColumn column = find_column("frac_diff_0.4_0.00001");
  BOOST_TEST(column.values.number(1) == 1e-5);
  BOOST_TEST(column.name() == "frac_diff_0.4_0.00001");
  BOOST_TEST(column.warm_up() == static_cast<int>(fractional_weights(0.4, 1e-5).size()) - 1);
}

BOOST_AUTO_TEST_CASE(a_lag_as_long_as_the_factorys_window_is_refused) {
  BOOST_TEST(
      holds(refusal_of([] { find_column("return_autocorr_lag20"); }), "lag = 20 must be a whole number from 1 to 18"));
  BOOST_TEST(find_column("return_autocorr_lag10").warm_up() == 20);
}

BOOST_AUTO_TEST_SUITE_END()
