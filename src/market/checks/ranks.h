#pragma once
#include <span>
#include <vector>

namespace moola::market {

/// Every value's place in order, from 1; equal values share the middle of their places, 0 and -0 are equal. A value
/// that is not finite gets NaN and takes no place. Cost O(n): some 50 ns a value.
std::vector<double> midranks(std::span<const double> values);

}  // namespace moola::market
