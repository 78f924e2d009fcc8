#pragma once
// Statistics of a trailing window. Every function: inputs and outputs have n rows and no output overlaps an input;
// leading NaNs of the input put the first value off; rows before it hold NaN. Those that return a number return how
// many rows have no definition and hold the value that is stated.
#include <cstdint>
#include <span>
#include <vector>

namespace moola::market {

/// `deviations` times the population's deviation. First value after `period` - 1 rows. TA-Lib STDDEV.
void stddev(std::span<const double> x, int period, double deviations, std::span<double> out);

/// The population's variance. First value after `period` - 1 rows. TA-Lib VAR.
void variance(std::span<const double> x, int period, std::span<double> out);

/// (x - mean) / population's deviation; 0 where the window does not move. First value after `period` - 1 rows.
std::int64_t zscore(std::span<const double> x, int period, std::span<double> out);

/// The mean of |x - mean|. First value after `period` - 1 rows. Cost grows with the period. TA-Lib AVGDEV.
void average_deviation(std::span<const double> x, int period, std::span<double> out);

/// Pearson's correlation, from -1 to 1; 0 where one of them does not move. First value after `period` - 1 rows. TA-Lib
/// CORREL.
std::int64_t correlation(std::span<const double> x, std::span<const double> y, int period, std::span<double> out);

/// The slope of y's one-bar returns on x's, from `period` returns; 0 where x's do not differ. A return on 0 counts as
/// 0. First value after `period` rows. TA-Lib BETA.
std::int64_t beta(std::span<const double> x, std::span<const double> y, int period, std::span<double> out);

/// Skewness and excess kurtosis as unbiased for normal values (Fisher's G1 and G2); both 0 where the window does not
/// move. `period` >= 4. First value after `period` - 1 rows. `work` is overwritten. Joanes and Gill 1998; pandas.
std::int64_t skew_and_kurtosis(std::span<const double> x, int period, std::span<double> skew,
                               std::span<double> kurtosis, std::span<double> work);

/// How many of the `period` values before are below this one, in percent. First value after `period` rows. Cost grows
/// with the period. TA-Lib PERCENTRANK of later releases.
void percent_rank(std::span<const double> x, int period, std::span<double> out);

/// The correlation of the last `pairs` values with those `lag` rows before them, either having its own mean. First
/// value after `pairs` + `lag` - 1 rows. 0 where one does not move.
std::int64_t autocorrelation(std::span<const double> x, int lag, int pairs, std::span<double> out);

/// Hurst's exponent of the last `period` values (returns): the slope of log(mean rescaled range) on log(length), the
/// window being cut from its oldest value on into pieces of 2, 3, ... `longest` < `period` values. Pieces that do not
/// move are left out; 0.5 where those that do are of fewer than two lengths. Held within 0 and 1. First value after
/// `period` - 1 rows. Cost per row grows with `longest` squared and with `period` log(`longest`). Hurst 1951;
/// Mandelbrot and Wallis 1969.
std::int64_t hurst_exponent(std::span<const double> x, int period, int longest, std::span<double> out);

/// Shannon's entropy of the window's values in `bins` equal bins from its lowest to its highest, over log(bins): 0 all
/// in one bin, 1 as many in each. 0 where the window does not move. First value after `period` - 1 rows. Cost grows
/// with the bins, and with the period where the extremes change. Shannon 1948.
std::int64_t shannon_entropy(std::span<const double> x, int period, int bins, std::span<double> out);

/// Weights of a difference of `order` >= 0, the newest value's first, up to the last before one below `threshold` > 0:
/// 1, -order, order (order - 1) / 2, ... For window_dot. Lopez de Prado 2018, snippet 5.3.
std::vector<double> fractional_weights(double order, double threshold);

}  // namespace moola::market
