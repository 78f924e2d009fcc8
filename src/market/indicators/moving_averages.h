#pragma once
// Averages of a series over its recent past. Every function: `x` and `out` have n rows and do not overlap; rows of
// `out` before the first value hold NaN; leading NaNs of `x` put the first value off.
#include <span>

namespace moola::market {

/// Simple: the mean of the last `period` values. First value after period - 1 rows. TA-Lib SMA.
void sma(std::span<const double> x, int period, std::span<double> out);

/// Exponential: e += (x - e) 2 / (period + 1), beginning with the mean of the first `period` values. First value after
/// period - 1 rows. TA-Lib EMA.
void ema(std::span<const double> x, int period, std::span<double> out);

/// Wilder's: e += (x - e) / period, beginning with the mean of the first `period` values.
void wilder_average(std::span<const double> x, int period, std::span<double> out);

/// Linearly weighted: the newest `period` times, the oldest once. First value after period - 1 rows. TA-Lib WMA.
void wma(std::span<const double> x, int period, std::span<double> out);

}  // namespace moola::market
