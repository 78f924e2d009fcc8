#include "market/indicators/trend.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "market/indicators/volatility.h"
#include "tests/market/indicators/plain.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kPeriods[] = {2, 3, 5, 14, 31, 100};

// Bars of which only what is given is looked at.
Bars bars_of(const Column& high, const Column& low, const Column& close) {
  Bars bars = flat_bars(high.size(), 1, 1);
  bars.high = high;
  bars.low = low;
  bars.close = close;
  return bars;
}

Column rising_by(const Column& x, double by) {
  Column out = x;
  for (double& value : out) value += by;
  return out;
}

// Wilder's directional movement, sum by sum.
struct PlainDirection {
  Wide plus, minus, range, plus_di, minus_di, dx, adx;
};
PlainDirection plain_direction(const Bars& bars, std::size_t period, bool talib) {
  const std::size_t n = bars.size(), summed = talib ? period - 1 : period;
  const Wide high = wide(bars.high), low = wide(bars.low), ranges = plain_true_range(high, low, wide(bars.close));
  Wide rises(n, 0), falls(n, 0);
  for (std::size_t i = 1; i < n; ++i) {
    const long double rise = high[i] - high[i - 1], fall = low[i - 1] - low[i];
    if (rise > fall && rise > 0) rises[i] = rise;
    if (fall > rise && fall > 0) falls[i] = fall;
  }
  const auto sums = [&](const Wide& x) {
    Wide out(n, kNone);
    long double sum = 0;
    for (std::size_t i = 1; i < n; ++i) {
      if (i > summed) sum -= sum / static_cast<long double>(period);
      sum += x[i];
      if (i >= summed) out[i] = sum;
    }
    return out;
  };
  PlainDirection out{.plus = sums(rises),
                     .minus = sums(falls),
                     .range = sums(ranges),
                     .plus_di = Wide(n, kNone),
                     .minus_di = Wide(n, kNone),
                     .dx = Wide(n, kNone),
                     .adx = Wide(n, kNone)};
  long double index = 0, first_mean = 0, average = 0;
  for (std::size_t i = period; i < n; ++i) {
    const bool moves = out.range[i] > 0, known = moves && out.plus[i] + out.minus[i] > 0;
    out.plus_di[i] = moves ? 100 * out.plus[i] / out.range[i] : 0;
    out.minus_di[i] = moves ? 100 * out.minus[i] / out.range[i] : 0;
    if (known) index = 100 * std::fabs(out.plus_di[i] - out.minus_di[i]) / (out.plus_di[i] + out.minus_di[i]);
    out.dx[i] = index;
    if (i < 2 * period) {
      if (known) first_mean += index / static_cast<long double>(period);
      average = first_mean;
    } else if (known) {
      average += (index - average) / static_cast<long double>(period);
    }
    if (i + 1 >= 2 * period) out.adx[i] = average;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trend)

// By hand, at a step of 0.02: from 9, the first low, 0.02 of the way to 11; then 0.04 of the way from 9.04 to 12; then
// of that from 9.1584 again; the low of 9 crosses, so the extreme of 12 is the stop, from where it falls by 0.02 of the
// way to 9.
BOOST_AUTO_TEST_CASE(the_parabolic_stop_follows_the_extreme_and_turns_at_it) {
  const Column high{10, 11, 12, 11.5, 10, 9, 8.5}, low = rising_by(high, -1);
  Column out(high.size()), direction(high.size());
  parabolic_sar(high, low, 0.02, 0.2, out, direction);
  const Column expected{0, 9, 9.04, 9.1584, 12, 11.94, 11.94 - 0.04 * (11.94 - 8)};
  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST(std::isnan(direction[0]));
  for (std::size_t i = 1; i < out.size(); ++i) {
    BOOST_TEST(std::fabs(out[i] - expected[i]) <= 1e-12);
    BOOST_TEST(direction[i] == (i < 4 ? 1 : -1));
  }
}

BOOST_AUTO_TEST_CASE(the_parabolic_stop_is_that_of_long_double) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Bars bars = walking_bars(seed, 3000);
    for (const auto& [step, most] : {std::pair{0.02, 0.2}, {0.05, 0.1}, {0.3, 0.2}}) {
      Column out(bars.size());
      parabolic_sar(bars.high, bars.low, step, most, out, {});
      const Wide high = wide(bars.high), low = wide(bars.low);
      Wide expected(bars.size(), kNone);
      bool rising = !(low[0] - low[1] > 0 && low[0] - low[1] > high[1] - high[0]);
      const long double first = std::min(step, most);
      long double stop = rising ? low[0] : high[0], extreme = rising ? high[1] : low[1], share = first;
      for (std::size_t i = 1; i < bars.size(); ++i) {
        const std::size_t before = i == 1 ? 1 : i - 1;
        const long double lowest = std::min(low[i], low[before]), highest = std::max(high[i], high[before]);
        if (rising ? low[i] <= stop : high[i] >= stop) {
          rising = !rising;
          stop = rising ? std::min(extreme, lowest) : std::max(extreme, highest);
          expected[i] = stop;
          extreme = rising ? high[i] : low[i];
          share = first;
        } else {
          expected[i] = stop;
          if (rising ? high[i] > extreme : low[i] < extreme) {
            extreme = rising ? high[i] : low[i];
            share = std::min(share + first, static_cast<long double>(most));
          }
        }
        stop += share * (extreme - stop);
        stop = rising ? std::min(stop, lowest) : std::max(stop, highest);
      }
      check_same(out, expected, 1e-11, "step " + std::to_string(step));
    }
  }
}

// Ranges of 2 and so an ATR of 2: the bands lie 2 off the middle, which goes 10, 11, 12, 11, 8.
BOOST_AUTO_TEST_CASE(the_supertrend_steps_towards_the_price_only_until_it_is_crossed) {
  const Column high{11, 12, 13, 12, 9.5, 9}, low{9, 10, 11, 10, 7.5, 7}, close{10, 11, 12, 11, 8.5, 8};
  const Bars bars = bars_of(high, low, close);
  Scratch scratch(6);
  Column level(6), direction(6);
  supertrend(columns_of(bars), 1, 1, level, direction, scratch);
  // True ranges are 2, 2, 2, then 11 - 7.5 = 3.5, then 2.
  const Column expected{0, 9, 10, 10, 8.5 + 3.5, 8 + 2.0};
  BOOST_TEST(std::isnan(level[0]));
  for (std::size_t i = 1; i < 6; ++i) {
    BOOST_TEST(level[i] == expected[i]);
    BOOST_TEST(direction[i] == (i < 4 ? 1 : -1));
  }
}

BOOST_AUTO_TEST_CASE(the_supertrend_is_that_of_long_double) {
  const Bars bars = walking_bars(4, 3000);
  const Wide high = wide(bars.high), low = wide(bars.low), close = wide(bars.close);
  Scratch scratch(bars.size());
  for (const std::size_t period : {1U, 2U, 10U, 31U}) {
    for (const double multiple : {0.5, 1.0, 3.0}) {
      Column level(bars.size()), direction(bars.size());
      supertrend(columns_of(bars), static_cast<int>(period), multiple, level, direction, scratch);
      const Wide range = plain_atr(high, low, close, period);
      Wide expected(bars.size(), kNone), side(bars.size(), kNone), upper(bars.size()), lower(bars.size());
      for (std::size_t i = period; i < bars.size(); ++i) {
        const long double middle = (high[i] + low[i]) / 2;
        upper[i] = middle + multiple * range[i];
        lower[i] = middle - multiple * range[i];
        side[i] = 1;
        if (i > period) {
          if (!(upper[i] < upper[i - 1] || close[i - 1] > upper[i - 1])) upper[i] = upper[i - 1];
          if (!(lower[i] > lower[i - 1] || close[i - 1] < lower[i - 1])) lower[i] = lower[i - 1];
          side[i] = side[i - 1] > 0 ? (close[i] < lower[i] ? -1 : 1) : (close[i] > upper[i] ? 1 : -1);
        }
        expected[i] = side[i] > 0 ? lower[i] : upper[i];
      }
      check_same(direction, side, 0, "direction, period " + std::to_string(period));
      check_same(level, expected, 1e-12, "level, period " + std::to_string(period));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_ichimoku_cloud_over_a_bar_is_of_the_bars_as_many_before) {
  const Bars bars = walking_bars(5, 400, true);
  const auto middle = [&](std::size_t row, std::size_t period) {
    double highest = 0, lowest = 1e300;
    for (std::size_t i = row + 1 - period; i <= row; ++i) {
      highest = std::max(highest, bars.high[i]);
      lowest = std::min(lowest, bars.low[i]);
    }
    return (highest + lowest) / 2;
  };
  const Column conversion = column_of(bars, "ichimoku_conversion"), base = column_of(bars, "ichimoku_base");
  const Column a = column_of(bars, "ichimoku_span_a"), b = column_of(bars, "ichimoku_span_b");
  BOOST_TEST((std::isnan(a[50]) && !std::isnan(a[51])));  // 26 - 1 + 26
  BOOST_TEST((std::isnan(b[76]) && !std::isnan(b[77])));  // 52 - 1 + 26
  for (std::size_t row = 77; row < bars.size(); ++row) {
    BOOST_REQUIRE(conversion[row] == middle(row, 9));
    BOOST_REQUIRE(base[row] == middle(row, 26));
    BOOST_REQUIRE(a[row] == (middle(row - 26, 9) + middle(row - 26, 26)) / 2);
    BOOST_REQUIRE(b[row] == middle(row - 26, 52));
  }
}

BOOST_AUTO_TEST_CASE(regression_lines_are_those_of_least_squares) {
  Column x = walking_bars(6, 1500).close;
  for (double& value : x) value = 60'000 + (value - 100);
  std::fill_n(x.begin(), 4, std::numeric_limits<double>::quiet_NaN());
  const Wide from = wide(x);
  for (const std::size_t period : kPeriods) {
    // Twice, in a plain way: slope, and value `at` bars after the window's first.
    const auto slope = [&](std::size_t begin, std::size_t row) {
      const long double middle = static_cast<long double>(begin + row) / 2;
      long double products = 0, squares = 0;
      for (std::size_t i = begin; i <= row; ++i) {
        products += (static_cast<long double>(i) - middle) * (from[i] - from[begin]);
        squares += (static_cast<long double>(i) - middle) * (static_cast<long double>(i) - middle);
      }
      return products / squares;
    };
    const Wide mean = plain_sma(from, period);
    const auto line = [&](long double at) {
      return plain_windows(from, period, [&](std::size_t begin, std::size_t row) {
        return mean[row] + slope(begin, row) * (at - static_cast<long double>(period - 1) / 2);
      });
    };
    const auto last = static_cast<long double>(period - 1);
    const auto check = [&](auto* function, const Wide& expected, double tolerance, const char* what) {
      Column out(x.size());
      function(x, static_cast<int>(period), out);
      check_same(out, expected, tolerance, what);
    };
    check(linear_regression, line(last), 1e-14, "at the last bar");
    check(time_series_forecast, line(last + 1), 1e-14, "at the next bar");
    check(linear_regression_intercept, line(0), 1e-14, "at the first bar");
    check(linear_regression_slope, plain_windows(from, period, slope), 2e-11, "slope");
    check(linear_regression_angle,
          plain_windows(
              from, period,
              [&](std::size_t begin, std::size_t row) { return std::atan(slope(begin, row)) * 45 / std::atan(1.0L); }),
          1e-9, "angle");
  }
}

BOOST_AUTO_TEST_CASE(aroon_counts_from_the_latest_of_equal_extremes) {
  const Column high{5, 7, 7, 6, 5, 4}, low{1, 2, 3, 1, 2, 2};
  Column down(6), up(6);
  aroon(high, low, 4, down, up, {});
  BOOST_TEST((std::isnan(down[3]) && std::isnan(up[3])));
  BOOST_TEST(up[4] == 50.0);    // the 7 of row 2, two bars ago
  BOOST_TEST(down[4] == 75.0);  // the 1 of row 3
  BOOST_TEST(up[5] == 25.0);
  BOOST_TEST(down[5] == 50.0);
  const Bars bars = bars_of(high, low, low);
  BOOST_TEST(column_of(bars, "aroonosc_4")[5] == -25.0);
}

BOOST_AUTO_TEST_CASE(directional_movement_is_that_of_long_double) {
  const Bars bars = walking_bars(7, 2000);
  for (const std::size_t period : kPeriods) {
    const auto named = [&](const std::string& name) { return name + "_" + std::to_string(period); };
    const auto check = [&](const std::string& name, const Wide& expected, double tolerance = 1e-11) {
      check_same(column_of(bars, named(name)), expected, tolerance, named(name));
    };
    const PlainDirection talib = plain_direction(bars, period, true), wilder = plain_direction(bars, period, false);
    check("plus_dm", talib.plus);
    check("minus_dm", talib.minus);
    check("talib_plus_di", talib.plus_di);
    check("talib_minus_di", talib.minus_di);
    check("dx", talib.dx);
    check("talib_adx", talib.adx);
    Wide rating(bars.size(), kNone), strong(bars.size(), kNone);
    for (std::size_t i = 3 * period - 2; i < bars.size(); ++i)
      rating[i] = (talib.adx[i] + talib.adx[i + 1 - period]) / 2;
    check("adxr", rating);
    check("plus_di", wilder.plus_di);
    check("minus_di", wilder.minus_di);
    check("adx", wilder.adx);
    for (std::size_t i = 2 * period - 1; i < bars.size(); ++i) strong[i] = wilder.adx[i] > 25;
    check("adx_strong_trend", strong, 0);
  }
}

BOOST_AUTO_TEST_CASE(directional_movement_without_a_range_is_neutral_and_counted) {
  const Bars bars = flat_bars(50, 3, 1);
  for (const auto& [name, first] : {std::pair{"talib_plus_di_5", 5},
                                    {"dx_5", 5},
                                    {"talib_adx_5", 9},
                                    {"adxr_5", 13},
                                    {"adx_5", 9},
                                    {"minus_di_5", 5},
                                    {"adx_strong_trend_5", 9}}) {
    std::int64_t undefined = 0;
    const Column out = column_of(bars, name, &undefined);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(undefined == 50 - first);
      BOOST_TEST((std::isnan(out[static_cast<std::size_t>(first) - 1]) && out[static_cast<std::size_t>(first)] == 0));
    }
  }
}

// Moves of 1 up for ten bars, then none: both sums shrink alike, so their ratio stays, until after thousands of bars
// nothing is left of either.
BOOST_AUTO_TEST_CASE(a_market_that_halts_keeps_its_direction_for_a_time) {
  Column high(20'000, 110);
  for (std::size_t i = 0; i < 10; ++i) high[i] = 100 + static_cast<double>(i);
  const Bars bars = bars_of(high, high, high);
  std::int64_t undefined = 0;
  const Column plus = column_of(bars, "talib_plus_di_14", &undefined), index = column_of(bars, "dx_14");
  BOOST_TEST(plus[14] == 100.0);
  BOOST_TEST(std::fabs(plus[5000] - 100) <= 1e-9);
  BOOST_TEST(plus.back() == 0.0);
  BOOST_TEST((undefined > 9000 && undefined < 12'000));
  BOOST_TEST(index.back() == 100.0);
}

BOOST_AUTO_TEST_CASE(the_vortex_is_that_of_long_double) {
  const Bars bars = walking_bars(8, 2000);
  const Wide high = wide(bars.high), low = wide(bars.low), range = plain_true_range(high, low, wide(bars.close));
  for (const std::size_t period : {1U, 2U, 3U, 14U, 100U, 1999U, 2000U}) {
    Column plus(bars.size()), minus(bars.size());
    const std::int64_t still = vortex(columns_of(bars), static_cast<int>(period), plus, minus);
    Wide up(bars.size(), kNone), down(bars.size(), kNone);
    std::int64_t expected_still = 0;
    for (std::size_t row = period; row < bars.size(); ++row) {
      long double rises = 0, falls = 0, ranges = 0;
      for (std::size_t i = row + 1 - period; i <= row; ++i) {
        rises += std::fabs(high[i] - low[i - 1]);
        falls += std::fabs(low[i] - high[i - 1]);
        ranges += range[i];
      }
      up[row] = ranges == 0 ? 0 : rises / ranges;
      down[row] = ranges == 0 ? 0 : falls / ranges;
      expected_still += ranges == 0;
    }
    check_same(plus, up, 1e-12, "plus, period " + std::to_string(period));
    check_same(minus, down, 1e-12, "minus, period " + std::to_string(period));
    BOOST_TEST(still == expected_still);
  }
}

BOOST_AUTO_TEST_CASE(the_detrended_price_is_off_the_mean_of_half_a_window_ago) {
  const Column x{1, 2, 4, 8, 16, 32, 64};
  Column out(x.size());
  detrended_price(x, 3, out);
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(std::isnan(out[i]));
  BOOST_TEST(out[4] == 16 - 7.0 / 3, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(out[6] == 64 - 28.0 / 3, boost::test_tools::tolerance(1e-15));
  for (const std::size_t n : {0U, 1U, 2U, 3U, 4U}) {
    Column few(n);
    detrended_price(std::span(x).first(n), 3, few);
    for (const double value : few) BOOST_TEST(std::isnan(value));
  }
}

BOOST_AUTO_TEST_SUITE_END()
