#pragma once
// Averages of a series over its recent past. Every function: `x` and `out` have n rows and do not overlap; rows of
// `out` before the first value hold NaN; leading NaNs of `x` put the first value off. Rows below count from the first
// that is not NaN.
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

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

/// Twice the EMA less the EMA of the EMA. First value after 2 (period - 1) rows. Mulloy 1994; TA-Lib DEMA.
void dema(std::span<const double> x, int period, std::span<double> out);

/// 3 e1 - 3 e2 + e3, where e1 is the EMA, e2 the EMA of e1 and e3 that of e2. First value after 3 (period - 1) rows.
/// Mulloy 1994; TA-Lib TEMA.
void tema(std::span<const double> x, int period, std::span<double> out);

/// Six EMAs of each other, combined so that `factor` (0 to 1) of the lag of three is taken back; 0 is three EMAs. First
/// value after 6 (period - 1) rows. Tillson 1998; TA-Lib T3.
void t3(std::span<const double> x, int period, double factor, std::span<double> out);

/// Triangular: weights rise by steps of one up to the window's middle and fall again. First value after period - 1
/// rows. TA-Lib TRIMA.
void trima(std::span<const double> x, int period, std::span<double> out);

/// Kaufman's adaptive: k += (x - k) c^2, where c lies between the shares of an EMA of `slow` and one of `fast` bars, by
/// the efficiency ratio: how far x came in `period` bars over the sum of its steps (1, so the fastest, where it did not
/// move). Begins with x a bar before the first value, which comes after `period` rows.
/// Returns how many values have an efficiency ratio of 0 / 0. Kaufman 1995; TA-Lib KAMA, with 2 and 30.
std::int64_t kama(std::span<const double> x, int period, int fast, int slow, std::span<double> out);

/// Hull's: the WMA over sqrt(period) bars of twice the WMA over period / 2 less that over `period` bars, all rounded
/// down; period >= 2. First value after period - 1 + sqrt(period) - 1 rows. Hull 2005; TA-Lib (0.7) HMA.
void hma(std::span<const double> x, int period, std::span<double> out);

/// The EMA of x plus what x gained over (period - 1) / 2 bars, the lag of an EMA. First value after period - 1 +
/// (period - 1) / 2 rows. Ehlers and Way 2010; TA-Lib (0.7) ZLEMA.
void zlema(std::span<const double> x, int period, std::span<double> out, Scratch& scratch);

/// The mean of the last `period` values weighted by volume; where no bar of them had any, the simple mean. First value
/// after period - 1 rows. Returns how many windows had no volume. TA-Lib (0.7) VWMA, which has no value there.
std::int64_t vwma(std::span<const double> x, std::span<const double> volume, int period, std::span<double> out,
                  Scratch& scratch);

/// Halfway between the highest and the lowest of the last `period` values. First value after period - 1 rows. TA-Lib
/// MIDPOINT.
void midpoint(std::span<const double> x, int period, std::span<double> out);

/// Halfway between the highest high and the lowest low of the last `period` bars. First value after period - 1 rows.
/// TA-Lib MIDPRICE.
void midprice(std::span<const double> high, std::span<const double> low, int period, std::span<double> out);

}  // namespace moola::market
