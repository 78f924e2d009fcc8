#pragma once
#include <array>
#include <cstddef>

namespace moola::market {

/// A sum of many terms as eight sums side by side, put together by halves: less rounding than one sum has, and vector
/// registers can do it; the order is fixed, so the bits are too.
struct LaneSum {
  static constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> lanes{};

  void add(std::size_t term, double value) { lanes[term % kLanes] += value; }
  double total() const {
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
  }
};

}  // namespace moola::market
