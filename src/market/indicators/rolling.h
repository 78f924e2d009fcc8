#pragma once
// Sums, extremes and moments over a trailing window of bars. A window's value is put together from those of shorter
// windows in an order that only its length fixes: it depends on the bars of the window and on nothing else (not on
// where a series begins, nor on the processor), errors do not grow along the series, and all of it runs in vector
// registers.
//
// Every function: `x` and `out` have n rows; out[i] is of x[i - period + 1 .. i], NaN in the first period - 1 rows
// after the leading NaNs of x (an indicator of an indicator begins later). Values after the leading NaNs are finite.
// `out` may not overlap an input. Cost per row grows with the logarithm of the period unless said otherwise.
#include <span>

namespace moola::market {

/// Rows before the first that is not NaN.
std::size_t leading_nans(std::span<const double> x);

void window_sum(std::span<const double> x, int period, std::span<double> out);
void window_mean(std::span<const double> x, int period, std::span<double> out);
void window_max(std::span<const double> x, int period, std::span<double> out);
void window_min(std::span<const double> x, int period, std::span<double> out);
/// The sum of squared deviations from the window's mean; over `period` it is the population's variance, over period - 1
/// the sample's. Not below 0, and 0 exactly when the window does not move.
void window_squares(std::span<const double> x, int period, std::span<double> out);
/// The mean, and the sum of squared deviations from it.
void window_mean_and_squares(std::span<const double> x, int period, std::span<double> mean, std::span<double> squares);
/// The sum of products of deviations from the two windows' means.
void window_products(std::span<const double> x, std::span<const double> y, int period, std::span<double> out);
/// The sum of 1 x[i - period + 1] + 2 x[i - period + 2] + ... + period x[i], times `factor`.
void window_weighted_sum(std::span<const double> x, int period, std::span<double> out, double factor = 1.0);
/// That over 1 + 2 + ... + period.
void window_weighted_mean(std::span<const double> x, int period, std::span<double> out);
/// The mean of x, each value weighing as `weights` says; NaN where they are all 0.
void window_mean_by(std::span<const double> x, std::span<const double> weights, int period, std::span<double> out);
/// Twice the weighted mean over period / 2 values less that over `period` (at least 2), and of this the weighted mean
/// over sqrt(period), all rounded down. Begins sqrt(period) - 1 rows later than the others.
void window_hull_mean(std::span<const double> x, int period, std::span<double> out);
/// The mean of the means over half the window: weights that rise by steps of one up to its middle and fall again.
void window_triangle(std::span<const double> x, int period, std::span<double> out);
/// Halfway between the highest of `high` and the lowest of `low`.
void window_middle(std::span<const double> high, std::span<const double> low, int period, std::span<double> out);
/// The slope per bar of the line of least squares through the window, of at least 2 bars; 0 exactly when it does not
/// move.
void window_slope(std::span<const double> x, int period, std::span<double> out);
/// Its angle in degrees, a row being as long as a unit of x: portable_atan of it.
void window_slope_angle(std::span<const double> x, int period, std::span<double> out);
/// That line's value `ahead` bars after the window's last.
void window_line(std::span<const double> x, int period, double ahead, std::span<double> out);
/// The mean of |x - mean|, given the window means. Cost grows with the period.
void window_mean_deviation(std::span<const double> x, std::span<const double> mean, int period, std::span<double> out);
/// Bars since the highest (lowest) of the window, the latest of equals: 0 is this bar. Cost grows with the period.
void window_bars_since_max(std::span<const double> x, int period, std::span<double> out);
void window_bars_since_min(std::span<const double> x, int period, std::span<double> out);
/// The sums of squares, cubes and fourth powers of deviations from the window's mean. All 0 exactly when the window
/// does not move.
void window_moments(std::span<const double> x, int period, std::span<double> squares, std::span<double> cubes,
                    std::span<double> fourths);
/// How many of the window are below (above) its newest value. Cost grows with the period.
void window_count_below(std::span<const double> x, int period, std::span<double> out);
void window_count_above(std::span<const double> x, int period, std::span<double> out);
/// The rescaled range: how far apart the highest and the lowest are of the window's running sums of deviations from its
/// mean, over its sample deviation. 0 where the window does not move. `period` >= 2. Cost grows with the period. Hurst
/// 1951.
void window_rescaled_range(std::span<const double> x, int period, std::span<double> out);
/// weights[0] x[i] + weights[1] x[i - 1] + ..., a window of as many values as there are weights. Cost grows with them.
void window_dot(std::span<const double> x, std::span<const double> weights, std::span<double> out);

}  // namespace moola::market
