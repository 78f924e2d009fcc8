#pragma once
// Columns by name, and their comparison with the formula written in the plainest way.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::test {

using Column = std::vector<double>;
/// A series of the reference, NaN where it has no value.
using LongColumn = std::vector<long double>;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct ComputedColumn {
  Column values;
  std::int64_t undefined;
};

inline ComputedColumn computed(const std::string& name, const market::Bars& bars) {
  const market::IndicatorColumn column = market::find_column(name);
  ComputedColumn out{.values = Column(bars.size(), 1e300), .undefined = 0};
  std::vector<std::span<double>> outs(column.indicator->outputs.size());
  outs[column.output] = out.values;
  market::Scratch scratch(bars.size());
  market::IndicatorCall call(market::columns_of(bars), column.values, outs, scratch);
  column.indicator->compute(call);
  out.undefined = call.undefined(column.output);
  return out;
}

/// Every row of the column `name` is `wanted`, to `tolerance` times the larger of 1 and its size; NaN stands where
/// `wanted` has NaN and nowhere else.
inline void require_column(const std::string& name, const market::Bars& bars, const LongColumn& wanted,
                           double tolerance = 1e-10) {
  const Column got = computed(name, bars).values;
  BOOST_REQUIRE(got.size() == wanted.size());
  double worst = 0;
  std::size_t at = 0, misplaced = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const bool missing = std::isnan(static_cast<double>(wanted[i]));
    misplaced += missing != std::isnan(got[i]);
    if (missing) continue;
    const auto error = static_cast<double>(std::fabs(got[i] - wanted[i]) / std::max(1.0L, std::fabs(wanted[i])));
    if (!(error <= worst)) {
      worst = error;
      at = i;
    }
  }
  BOOST_TEST_CONTEXT(name << ", worst at row " << at << ": " << got[at] << " for " << wanted[at]) {
    BOOST_TEST(misplaced == 0U);
    BOOST_TEST(worst <= tolerance);
  }
}

/// value(row) from row `first` on, NaN before.
inline LongColumn rows_from(std::size_t first, std::size_t n, const std::function<long double(std::size_t)>& value) {
  LongColumn out(n, kNaN);
  for (std::size_t i = first; i < n; ++i) out[i] = value(i);
  return out;
}

inline LongColumn long_column(const Column& x) {
  return {x.begin(), x.end()};
}

inline std::size_t first_value(const LongColumn& x) {
  std::size_t first = 0;
  while (first < x.size() && std::isnan(static_cast<double>(x[first]))) ++first;
  return first;
}

/// The average that begins with the mean of `period` values and then takes `share` of every new one.
inline LongColumn smoothed(const LongColumn& x, std::size_t period, long double share) {
  LongColumn out(x.size(), kNaN);
  const std::size_t begin = first_value(x);
  long double value = 0;
  for (std::size_t i = begin; i < x.size(); ++i) {
    if (i < begin + period) {
      value += x[i] / static_cast<long double>(period);
    } else {
      value += (x[i] - value) * share;
    }
    if (i + 1 >= begin + period) out[i] = value;
  }
  return out;
}

inline LongColumn exponential(const LongColumn& x, std::size_t period) {
  return smoothed(x, period, 2.0L / static_cast<long double>(period + 1));
}

inline long double window_total(const LongColumn& x, std::size_t row, std::size_t period) {
  long double total = 0;
  for (std::size_t k = 0; k < period; ++k) total += x[row - k];
  return total;
}

inline LongColumn mean(const LongColumn& x, std::size_t period) {
  return rows_from(first_value(x) + period - 1, x.size(),
                   [&](std::size_t i) { return window_total(x, i, period) / static_cast<long double>(period); });
}

inline long double highest(const Column& x, std::size_t row, std::size_t period) {
  long double best = x[row];
  for (std::size_t k = 0; k < period; ++k) best = std::max(best, static_cast<long double>(x[row - k]));
  return best;
}

inline long double lowest(const Column& x, std::size_t row, std::size_t period) {
  long double best = x[row];
  for (std::size_t k = 0; k < period; ++k) best = std::min(best, static_cast<long double>(x[row - k]));
  return best;
}

}  // namespace moola::test
