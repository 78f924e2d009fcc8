#include "market/indicators/microstructure.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Column = std::vector<double>;
using Function = std::function<std::int64_t(const BarColumns&, Scratch&, std::span<double>)>;
using Formula = std::function<long double(const Bars&, std::size_t)>;  // NaN where there is none

// How far `function` is from `formula` at most, in parts of the latter or of `scale`, whichever is more; rows before
// `first` must hold NaN, rows without a formula `neutral`, and they must be counted.
void check(const Function& function, std::size_t first, const Formula& formula, double neutral, double scale) {
  const Bars bars = walking_bars(11, 1500);
  Column out(bars.size(), 1e300);
  Scratch scratch(bars.size());
  const std::int64_t counted = function(columns_of(bars), scratch, out);
  double worst = 0;
  std::int64_t undefined = 0;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i < first) {
      BOOST_REQUIRE(std::isnan(out[i]));
      continue;
    }
    const long double exact = formula(bars, i);
    if (std::isnan(exact)) {
      ++undefined;
      BOOST_REQUIRE(out[i] == neutral);
      continue;
    }
    const long double unit = std::max<long double>(std::fabs(exact), scale);
    worst = std::max(worst, static_cast<double>(std::fabs(out[i] - exact) / unit));
  }
  BOOST_TEST(worst <= 1e-11);
  BOOST_TEST(counted == undefined);
}

long double return_of(const Bars& bars, std::size_t i) {
  return static_cast<long double>(bars.close[i]) / bars.close[i - 1] - 1;
}

long double quotient(long double a, long double b) {
  return b == 0 ? std::nanl("") : a / b;
}

// The sum of of(j) over the `period` rows that end at i.
template <class Of>
long double sum(std::size_t i, std::size_t period, Of&& of) {
  long double total = 0;
  for (std::size_t j = i + 1 - period; j <= i; ++j) total += of(j);
  return total;
}

long double sample_deviation(const Bars& bars, std::size_t i, std::size_t period) {
  const auto count = static_cast<long double>(period);
  const long double mean = sum(i, period, [&](std::size_t j) { return return_of(bars, j); }) / count;
  return std::sqrt(
      sum(i, period, [&](std::size_t j) { return (return_of(bars, j) - mean) * (return_of(bars, j) - mean); }) /
      (count - 1));
}

Bars two_bars(const std::vector<std::array<double, 4>>& prices, double volume) {
  Bars bars = flat_bars(prices.size(), 1.0, volume);
  for (std::size_t i = 0; i < prices.size(); ++i) {
    bars.open[i] = prices[i][0];
    bars.high[i] = prices[i][1];
    bars.low[i] = prices[i][2];
    bars.close[i] = prices[i][3];
  }
  return bars;
}

constexpr std::size_t kPeriods[] = {2, 5, 10, 20, 50, 333};

}  // namespace

BOOST_AUTO_TEST_SUITE(microstructure)

BOOST_AUTO_TEST_CASE(illiquidity_is_the_return_per_volume_of_bars_that_have_some) {
  const auto ratio = [](const Bars& bars, std::size_t i) {
    return quotient(std::fabs(return_of(bars, i)), bars.volume[i]);
  };
  check([](const BarColumns& bars, Scratch&, std::span<double> out) { return amihud(bars, out); }, 1, ratio, 0.0,
        1e-12);
  for (const std::size_t period : kPeriods) {
    check([&](const BarColumns& bars, Scratch& scratch,
              std::span<double> out) { return amihud_mean(bars, static_cast<int>(period), scratch, out); },
          period,
          [&](const Bars& bars, std::size_t i) {
            const auto traded = [&](std::size_t j) { return bars.volume[j] > 0 ? 1.0L : 0.0L; };
            return quotient(sum(i, period, [&](std::size_t j) { return traded(j) > 0 ? ratio(bars, j) : 0.0L; }),
                            sum(i, period, traded));
          },
          0.0, 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_series_without_a_silent_bar_has_the_plain_mean) {
  const Bars bars = walking_bars(12, 400, true);
  Column each(400), out(400);
  Scratch scratch(400);
  BOOST_TEST(amihud(columns_of(bars), each) == 0);
  BOOST_TEST(amihud_mean(columns_of(bars), 10, scratch, out) == 0);
  for (std::size_t i = 10; i < 400; ++i) {
    const auto mean = static_cast<double>(sum(i, 10, [&](std::size_t j) { return each[j]; }) / 10);
    BOOST_REQUIRE(std::fabs(out[i] - mean) <= 1e-14 * mean);
  }
}

BOOST_AUTO_TEST_CASE(rolls_spread_is_the_root_of_changes_that_alternate) {
  for (const std::size_t period : kPeriods) {
    check(
        [&](const BarColumns& bars, Scratch& scratch, std::span<double> out) {
          roll_spread(bars.close, static_cast<int>(period), scratch, out);
          return 0;
        },
        period + 1,
        [&](const Bars& bars, std::size_t i) {
          const auto change = [&](std::size_t j) {
            return static_cast<long double>(bars.close[j]) - bars.close[j - 1];
          };
          const auto count = static_cast<long double>(period);
          const long double now = sum(i, period, change) / count;
          const long double before = sum(i - 1, period, change) / count;
          const long double covariance =
              sum(i, period, [&](std::size_t j) { return (change(j) - now) * (change(j - 1) - before); }) / (count - 1);
          return 2 * std::sqrt(std::max(-covariance, 0.0L));
        },
        // The root of a covariance that is 0 but for rounding.
        0.0, 1e4);
  }
}

BOOST_AUTO_TEST_CASE(prices_that_bounce_by_a_spread_of_two_have_a_roll_spread_of_two_and_a_bit) {
  // Changes of +2 and -2 by turns: four pairs of which have a covariance of -4 times 4 / 3.
  const Bars bars = two_bars({{}, {}, {}, {}, {}, {}}, 1);
  Column close{10, 12, 10, 12, 10, 12}, out(6);
  Scratch scratch(6);
  roll_spread(close, 4, scratch, out);
  BOOST_TEST(std::isnan(out[4]));
  BOOST_TEST(out[5] == 2 * std::sqrt(16.0 / 3), boost::test_tools::tolerance(1e-15));
  close = {10, 11, 12, 13, 14, 15};
  roll_spread(close, 4, scratch, out);
  BOOST_TEST(out[5] == 0.0);
  BOOST_TEST(!std::signbit(out[5]));
}

BOOST_AUTO_TEST_CASE(price_impact_is_the_return_over_the_mean_volume) {
  for (const std::size_t period : {1U, 2U, 5U, 20U, 333U}) {
    check([&](const BarColumns& bars, Scratch&,
              std::span<double> out) { return price_impact(bars, static_cast<int>(period), out); },
          std::max<std::size_t>(period - 1, 1),
          [&](const Bars& bars, std::size_t i) {
            const long double volume = sum(i, period, [&](std::size_t j) { return bars.volume[j]; });
            return quotient(std::fabs(return_of(bars, i)), volume / static_cast<long double>(period));
          },
          0.0, 1e-12);
  }
}

// The formulas as the paper has them.
BOOST_AUTO_TEST_CASE(corwin_and_schultzs_spread_is_the_papers) {
  check(
      [](const BarColumns& bars, Scratch& scratch, std::span<double> out) {
        corwin_schultz_spread(bars.high, bars.low, scratch, out);
        return 0;
      },
      1,
      [](const Bars& bars, std::size_t i) {
        const auto squared_range = [](long double high, long double low) {
          return std::log(high / low) * std::log(high / low);
        };
        const long double beta =
            squared_range(bars.high[i], bars.low[i]) + squared_range(bars.high[i - 1], bars.low[i - 1]);
        const long double gamma =
            squared_range(std::max(bars.high[i], bars.high[i - 1]), std::min(bars.low[i], bars.low[i - 1]));
        const long double k = 3 - 2 * std::sqrt(2.0L);
        const long double alpha = (std::sqrt(2 * beta) - std::sqrt(beta)) / k - std::sqrt(gamma / k);
        return std::max(2 * (std::exp(alpha) - 1) / (1 + std::exp(alpha)), 0.0L);
      },
      0.0, 1e-3);
}

BOOST_AUTO_TEST_CASE(two_equal_bars_have_the_spread_of_their_range_and_bars_far_apart_none) {
  // Of two equal ranges r, alpha is (1 + sqrt 2) (sqrt 2 - 1) r = r, and the spread 2 (h - l) / (h + l).
  Column high{11, 11, 30, 1e300, 1e300}, low{9, 9, 29, 1e-300, 1e-300}, out(5);
  Scratch scratch(5);
  corwin_schultz_spread(high, low, scratch, out);
  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST(out[1] == 0.2, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(out[2] == 0.0);
  BOOST_TEST(out[4] == 2.0);
}

BOOST_AUTO_TEST_CASE(ranges_and_imbalances_are_of_the_bar) {
  check(
      [](const BarColumns& bars, Scratch&, std::span<double> out) {
        relative_range(bars, out);
        return 0;
      },
      0,
      [](const Bars& bars, std::size_t i) {
        return (static_cast<long double>(bars.high[i]) - bars.low[i]) / bars.close[i];
      },
      0.0, 1e-6);
  check([](const BarColumns& bars, Scratch&, std::span<double> out) { return bar_imbalance(bars, out); }, 0,
        [](const Bars& bars, std::size_t i) {
          return quotient(static_cast<long double>(bars.close[i]) - bars.open[i],
                          static_cast<long double>(bars.high[i]) - bars.low[i]);
        },
        0.0, 1e-6);
}

BOOST_AUTO_TEST_CASE(sums_of_imbalances_count_rows_with_a_bar_without_range) {
  const Bars bars = walking_bars(11, 1500);
  Column each(1500), out(1500);
  Scratch scratch(1500);
  bar_imbalance(columns_of(bars), each);
  for (const std::size_t period : kPeriods) {
    const std::int64_t counted = cumulative_imbalance(columns_of(bars), static_cast<int>(period), scratch, out);
    std::int64_t expected = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i + 1 < period) {
        BOOST_REQUIRE(std::isnan(out[i]));
        continue;
      }
      BOOST_REQUIRE(std::fabs(out[i] - sum(i, period, [&](std::size_t j) { return each[j]; })) <= 1e-12L);
      expected += sum(i, period, [&](std::size_t j) { return bars.high[j] == bars.low[j] ? 1.0L : 0.0L; }) > 0;
    }
    BOOST_TEST(expected > 0);
    BOOST_TEST(counted == expected);
  }
}

BOOST_AUTO_TEST_CASE(trade_intensity_is_volume_over_its_mean) {
  for (const std::size_t period : kPeriods) {
    check([&](const BarColumns& bars, Scratch&,
              std::span<double> out) { return trade_intensity(bars.volume, static_cast<int>(period), out); },
          period - 1,
          [&](const Bars& bars, std::size_t i) {
            const long double volume = sum(i, period, [&](std::size_t j) { return bars.volume[j]; });
            return quotient(bars.volume[i], volume / static_cast<long double>(period));
          },
          0.0, 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(efficiency_is_the_way_made_over_the_way_gone) {
  for (const std::size_t period : kPeriods) {
    check([&](const BarColumns& bars, Scratch& scratch,
              std::span<double> out) { return efficiency_ratio(bars.close, static_cast<int>(period), scratch, out); },
          period,
          [&](const Bars& bars, std::size_t i) {
            return quotient(std::fabs(static_cast<long double>(bars.close[i]) - bars.close[i - period]),
                            sum(i, period, [&](std::size_t j) {
                              return std::fabs(static_cast<long double>(bars.close[j]) - bars.close[j - 1]);
                            }));
          },
          0.0, 1e-2);
  }
}

BOOST_AUTO_TEST_CASE(efficiency_is_never_more_than_one) {
  Column close(500), out(500);
  for (std::size_t i = 0; i < close.size(); ++i) close[i] = 100.0 + 0.1 * static_cast<double>(i);
  Scratch scratch(500);
  BOOST_TEST(efficiency_ratio(close, 20, scratch, out) == 0);
  for (std::size_t i = 20; i < out.size(); ++i) BOOST_REQUIRE((out[i] <= 1.0 && out[i] > 1 - 1e-12));
}

BOOST_AUTO_TEST_CASE(volatility_ratio_is_of_two_sample_deviations) {
  for (const auto& [fast, slow] : {std::pair(5, 20), {2, 3}, {20, 5}, {7, 300}}) {
    check(
        [fast = fast, slow = slow](const BarColumns& bars, Scratch& scratch, std::span<double> out) {
          return volatility_ratio(bars.close, fast, slow, scratch, out);
        },
        static_cast<std::size_t>(std::max(fast, slow)),
        [fast = fast, slow = slow](const Bars& bars, std::size_t i) {
          const long double below = sample_deviation(bars, i, static_cast<std::size_t>(slow));
          return quotient(sample_deviation(bars, i, static_cast<std::size_t>(fast)), below);
        },
        // Two returns that happen to be near each other have a deviation known to few digits.
        1.0, 1e2);
  }
}

BOOST_AUTO_TEST_SUITE_END()
