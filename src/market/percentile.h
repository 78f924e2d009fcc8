#pragma once
#include <span>

namespace moola::market {

/// The value below which `share` (0 to 1) of `values` lie, between neighbours by a straight line (NumPy's default).
/// Reorders them. Cost O(n). Throws std::invalid_argument when there are none.
double percentile(std::span<double> values, double share);
/// The same of values that are sorted already. Cost O(1).
double sorted_percentile(std::span<const double> sorted, double share);

}  // namespace moola::market
