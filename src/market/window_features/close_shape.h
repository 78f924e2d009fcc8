#pragma once
#include <cstddef>
#include <span>

namespace moola::market {

// Measures of n >= 1 closes in a row, less the first one and over it, so that equal closes are exactly 0 and no price
// level is left. The formulas, and what stands where they have no value, are those of the columns of feats20.

double path_length(std::span<const double> closes);
/// Mean |close - mean close|.
double mean_deviation(std::span<const double> closes);
double box_slope(std::span<const double> closes, double low, double span);
double mirror_symmetry(std::span<const double> closes);
double range_scaling(std::span<const double> closes);
double slope_regularity(std::span<const double> closes);
std::size_t turning_points(std::span<const double> closes);
double lagged_correlation(std::span<const double> closes, std::size_t lag);
/// Cost O(n^2).
double strongest_frequency(std::span<const double> closes);

}  // namespace moola::market
