#pragma once
// How far prices move. Every function: inputs and `out` have n rows and `out` overlaps none of them; rows before the
// first value hold NaN. Volatilities are of log returns and annualised: the square root of the variance per bar times
// `bars_per_year`. What lies in between goes into `scratch`, whose columns have n rows.
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// The most of high - low, |high - previous close| and |low - previous close|, in prices. First value at row 1. TA-Lib
/// TRANGE.
void true_range(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                std::span<double> out);

/// Average true range, in prices: the mean of the first `period` true ranges, then Wilder's average, a += (range - a) /
/// period. First value at row `period`. TA-Lib ATR; Wilder 1978.
void atr(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
         std::span<double> out);

/// The average true range, where `average` is not empty, and in `out` what percent of the close it is. First values at
/// row `period`. TA-Lib NATR.
void atr_percent(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
                 std::span<double> average, std::span<double> out);

/// The sample deviation of the last `period` >= 2 log returns. First value at row `period`.
void historical_volatility(std::span<const double> close, int period, double bars_per_year, Scratch& scratch,
                           std::span<double> out);

/// The root of the mean square of the last `period` log returns, whose mean is taken to be 0. First value at row
/// `period`. Andersen, Bollerslev, Diebold and Labys 2003.
void realised_volatility(std::span<const double> close, int period, double bars_per_year, Scratch& scratch,
                         std::span<double> out);

/// From log(high / low) of `period` bars. First value at row `period` - 1. Parkinson 1980.
void parkinson_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                          std::span<double> out);

/// From high / low and close / open of `period` bars. First value at row `period` - 1. Garman and Klass 1980, the
/// estimator of two terms. Here and below, a variance below 0, which bars can give whose extremes do not enclose open
/// and close, counts as 0.
void garman_klass_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                             std::span<double> out);

/// From each bar's prices over its open, whatever the drift. First value at row `period` - 1. Rogers and Satchell 1991.
void rogers_satchell_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                                std::span<double> out);

/// Variance of the opens over the closes before them, of the closes over their opens, and Rogers and Satchell's,
/// weighed for the least error. `period` >= 2. First value at row `period`. Yang and Zhang 2000.
void yang_zhang_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                           std::span<double> out);

/// The same weights, but the two variances are means over `period` bars of squared deviations, each from the mean of
/// the `period` bars that end there. First value at row 2 `period` - 1. The factory's yz_vol.
void yang_zhang_volatility_of_trailing_means(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                                             std::span<double> out);

/// 100 log(sum of true ranges / (highest high - lowest low)) / log(period) over `period` >= 2 bars: near 0 where prices
/// went one way, near 100 where they went nowhere. 100 where highest and lowest are the same. First value at row
/// `period`. Returns how many rows had that. Dreiss 1993; TA-Lib CHOP of later releases.
std::int64_t choppiness(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out);

/// The sum over `slow` bars of the `fast` exponential average of high - low over that average's own. The ratio is 1
/// where the latter is 0. First value at row 2 `fast` + `slow` - 3. Returns how many rows have such a ratio in their
/// sum. Dorsey 1992; TA-Lib MASSI of later releases.
std::int64_t mass_index(const BarColumns& bars, int fast, int slow, Scratch& scratch, std::span<double> out);

}  // namespace moola::market
