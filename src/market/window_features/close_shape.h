#pragma once
#include <cstddef>
#include <span>

namespace moola::market {

// Measures of n >= 1 closes in a row, less the first one where nothing else is said, so that equal closes are exactly
// 0. The formulas, and what stands where they have no value, are those of the columns of feats20.

double path_length(std::span<const double> closes);
/// Mean |close - mean close|.
double mean_deviation(std::span<const double> closes);
double mirror_symmetry(std::span<const double> closes);
double range_scaling(std::span<const double> closes);
double slope_regularity(std::span<const double> closes);
std::size_t turning_points(std::span<const double> closes);
double lagged_correlation(std::span<const double> closes, std::size_t lag);
/// Of closes as they are, between the lowest low and the highest high: a price on the edge of a box falls by its own
/// digits into one or the other.
double box_slope(std::span<const double> prices, double low, double high);
/// Cost O(n^2).
double strongest_frequency(std::span<const double> closes);

}  // namespace moola::market
