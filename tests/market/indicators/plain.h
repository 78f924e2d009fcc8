#pragma once
// Indicators again, in the plainest way and in long double, to compare with.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::test {

using Column = std::vector<double>;
using Wide = std::vector<long double>;

inline constexpr long double kNone = std::numeric_limits<long double>::quiet_NaN();

inline Wide wide(std::span<const double> x) {
  return {x.begin(), x.end()};
}

/// Rows before the first with a value.
inline std::size_t begin_of(const Wide& x) {
  std::size_t row = 0;
  while (row < x.size() && std::isnan(x[row])) ++row;
  return row;
}

/// value(first row of the window, row) for every whole window of x.
template <class Value>
Wide plain_windows(const Wide& x, std::size_t period, Value&& value) {
  Wide out(x.size(), kNone);
  for (std::size_t row = begin_of(x) + period - 1; row < x.size(); ++row) out[row] = value(row + 1 - period, row);
  return out;
}

inline Wide plain_sma(const Wide& x, std::size_t period) {
  return plain_windows(x, period, [&](std::size_t begin, std::size_t row) {
    long double sum = 0;
    for (std::size_t i = begin; i <= row; ++i) sum += x[i];
    return sum / static_cast<long double>(period);
  });
}

inline Wide plain_wma(const Wide& x, std::size_t period) {
  return plain_windows(x, period, [&](std::size_t begin, std::size_t row) {
    long double sum = 0, weights = 0;
    for (std::size_t i = begin; i <= row; ++i) {
      const auto weight = static_cast<long double>(i + 1 - begin);
      sum += weight * x[i];
      weights += weight;
    }
    return sum / weights;
  });
}

/// From the mean of the first `period` on, `share` of the way to each new value.
inline Wide plain_smoothed(const Wide& x, std::size_t period, long double share) {
  Wide out(x.size(), kNone);
  const std::size_t begin = begin_of(x), first = begin + period - 1;
  if (first >= x.size()) return out;
  out[first] = 0;
  for (std::size_t i = begin; i <= first; ++i) out[first] += x[i] / static_cast<long double>(period);
  for (std::size_t i = first + 1; i < x.size(); ++i) out[i] = out[i - 1] + (x[i] - out[i - 1]) * share;
  return out;
}

inline Wide plain_ema(const Wide& x, std::size_t period) {
  return plain_smoothed(x, period, 2.0L / static_cast<long double>(period + 1));
}

inline Wide plain_true_range(const Wide& high, const Wide& low, const Wide& close) {
  Wide out(high.size(), kNone);
  for (std::size_t i = 1; i < out.size(); ++i) {
    out[i] = std::max({high[i] - low[i], std::fabs(high[i] - close[i - 1]), std::fabs(low[i] - close[i - 1])});
  }
  return out;
}

/// Wilder's average true range.
inline Wide plain_atr(const Wide& high, const Wide& low, const Wide& close, std::size_t period) {
  return plain_smoothed(plain_true_range(high, low, close), period, 1.0L / static_cast<long double>(period));
}

/// A column of the table by its name; `undefined`: where to put how many of its values have no definition.
inline Column column_of(const market::Bars& bars, const std::string& name, std::int64_t* undefined = nullptr) {
  const market::IndicatorColumn column = market::find_column(name);
  Column out(bars.size());
  std::vector<std::span<double>> outs(column.indicator->outputs.size());
  outs[column.output] = out;
  market::Scratch scratch(bars.size());
  market::IndicatorCall call(market::columns_of(bars), column.values, outs, scratch);
  column.indicator->compute(call);
  if (undefined != nullptr) *undefined = call.undefined(column.output);
  return out;
}

/// A value where the other has one, none where it has none, and apart by no more than `tolerance` times the larger of 1
/// and what is expected.
inline void check_same(const Column& got, const Wide& expected, double tolerance, const std::string& what) {
  BOOST_REQUIRE(got.size() == expected.size());
  double worst = 0;
  std::size_t missing = 0, early = 0, at = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i])) {
      early += !std::isnan(got[i]);
    } else if (std::isnan(got[i])) {
      ++missing;
    } else {
      const auto apart = static_cast<double>(std::fabs(got[i] - expected[i]) / std::max(1.0L, std::fabs(expected[i])));
      if (!(apart <= worst)) {
        worst = apart;
        at = i;
      }
    }
  }
  BOOST_TEST_CONTEXT(what << ", worst at row " << at) {
    BOOST_TEST(early == 0U);
    BOOST_TEST(missing == 0U);
    BOOST_TEST(worst <= tolerance);
  }
}

}  // namespace moola::test
