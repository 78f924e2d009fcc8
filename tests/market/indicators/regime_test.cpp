#include "market/indicators/regime.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "market/indicators/returns.h"
#include "market/indicators/statistics.h"
#include "market/indicators/volatility.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Column = std::vector<double>;

// The percentile `share` (0 to 1) of x[row - window + 1 .. row], interpolated linearly.
long double percentile(const Column& x, std::size_t row, std::size_t window, long double share) {
  Column sorted(x.begin() + static_cast<std::ptrdiff_t>(row + 1 - window),
                x.begin() + static_cast<std::ptrdiff_t>(row) + 1);
  std::sort(sorted.begin(), sorted.end());
  const long double at = share * static_cast<long double>(window - 1);
  const auto low = static_cast<std::size_t>(at + 1e-12L), high = std::min(low + 1, window - 1);
  return sorted[low] + (at - static_cast<long double>(low)) * (sorted[high] - static_cast<long double>(sorted[low]));
}

// NaN up to row `first`, wanted(row) from it on; every state occurs that is in `states`.
void check(const Column& got, std::size_t first, const std::vector<double>& states,
           const std::function<double(std::size_t)>& wanted) {
  std::size_t wrong = 0;
  std::vector<std::size_t> seen(states.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (i < first) {
      BOOST_REQUIRE(std::isnan(got[i]));
      continue;
    }
    wrong += got[i] != wanted(i);
    for (std::size_t s = 0; s < states.size(); ++s) seen[s] += got[i] == states[s];
  }
  BOOST_TEST(wrong == 0U);
  for (const std::size_t count : seen) BOOST_TEST(count > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regime)

BOOST_AUTO_TEST_CASE(volatility_is_high_above_the_median_of_its_window) {
  const Bars bars = walking_bars(31, 1500);
  for (const auto& [period, window] : {std::pair{20, 100}, {5, 7}, {2, 1}}) {
    Scratch scratch(bars.size());
    Column deviation(bars.size()), out(bars.size());
    historical_volatility(bars.close, period, 1.0, scratch, deviation);
    volatility_regime(bars.close, period, window, scratch, out);
    const auto length = static_cast<std::size_t>(window);
    const std::vector<double> states = window == 1 ? std::vector<double>{0} : std::vector<double>{0, 1};
    check(out, static_cast<std::size_t>(period + window - 1), states,
          [&](std::size_t row) { return deviation[row] > percentile(deviation, row, length, 0.5L) ? 1.0 : 0.0; });
  }
}

BOOST_AUTO_TEST_CASE(a_trend_has_the_close_and_both_means_in_order) {
  const Bars bars = walking_bars(32, 1500);
  for (const auto& [fast, slow] : {std::pair{50, 200}, {3, 9}, {20, 5}}) {
    Scratch scratch(bars.size());
    Column out(bars.size());
    trend_regime(bars.close, fast, slow, scratch, out);
    const auto mean = [&](std::size_t row, int period) {
      long double total = 0;
      for (std::size_t i = row + 1 - static_cast<std::size_t>(period); i <= row; ++i) total += bars.close[i];
      return static_cast<double>(total / period);
    };
    check(out, static_cast<std::size_t>(std::max(fast, slow) - 1), {-1, 0, 1}, [&](std::size_t row) {
      const double close = bars.close[row], near = mean(row, fast), far = mean(row, slow);
      // Where prices stand still the order is that of the last bits.
      const double least = 1e-12 * close;
      if (std::fabs(close - near) < least || std::fabs(near - far) < least) return out[row];
      return close > near && near > far ? 1.0 : close < near && near < far ? -1.0 : 0.0;
    });
  }
}

BOOST_AUTO_TEST_CASE(prices_that_stand_still_have_no_trend) {
  const Bars bars = flat_bars(300, 0.1, 1.0);
  Scratch scratch(300);
  Column out(300);
  trend_regime(bars.close, 50, 200, scratch, out);
  check(out, 199, {0}, [](std::size_t) { return 0.0; });
}

BOOST_AUTO_TEST_CASE(ranges_are_small_or_large_beyond_percentiles_that_are_interpolated) {
  const Bars bars = walking_bars(33, 2000);
  // (window - 1) percentile / 100 with and without a remainder, of values that come again.
  struct Case {
    int period, window, low, high;
  };
  for (const auto& [period, window, low, high] :
       {Case{14, 100, 25, 75}, {1, 101, 25, 75}, {1, 41, 10, 60}, {1, 5, 25, 50}, {3, 8, 1, 99}}) {
    Scratch scratch(bars.size());
    Column range(bars.size()), out(bars.size());
    atr(bars.high, bars.low, bars.close, period, range);
    atr_regime(columns_of(bars), period, window, low, high, scratch, out);
    const auto length = static_cast<std::size_t>(window);
    const long double low_share = low / 100.0L, high_share = high / 100.0L;
    check(out, static_cast<std::size_t>(period + window - 1), {-1, 0, 1}, [&](std::size_t row) {
      return range[row] < percentile(range, row, length, low_share)    ? -1.0
             : range[row] > percentile(range, row, length, high_share) ? 1.0
                                                                       : 0.0;
    });
  }
}

BOOST_AUTO_TEST_CASE(hurst_exponents_beyond_their_bounds_are_reversion_and_trend) {
  const Bars bars = walking_bars(34, 1500);
  Scratch scratch(bars.size());
  Column returns(bars.size()), exponent(bars.size()), out(bars.size());
  log_change(bars.close, 1, returns);
  const std::int64_t undefined = hurst_exponent(returns, 99, 20, exponent);
  BOOST_TEST(hurst_regime(bars.close, 100, 20, 0.48, 0.62, scratch, out) == undefined);
  check(out, 99, {-1, 0, 1}, [&](std::size_t row) {
    return exponent[row] < 0.48 ? -1.0 : exponent[row] > 0.62 ? 1.0 : 0.0;
  });
}

BOOST_AUTO_TEST_SUITE_END()
