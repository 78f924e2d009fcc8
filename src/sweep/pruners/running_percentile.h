#pragma once
#include <vector>

namespace moola::sweep {

/// A percentile of numbers that come one after the other, none of them NaN; interpolated linearly, to the bit as NumPy
/// does it.
class RunningPercentile {
 public:
  /// `fraction` from 0 to 1: 0.5 is the median.
  explicit RunningPercentile(double fraction) : fraction_(fraction) {}

  /// Cost O(log n).
  void insert(double value);
  /// NaN when there is none; and, as in NumPy, where it lies between infinite numbers. Cost O(1).
  double value() const;
  std::size_t size() const { return low_.size() + high_.size(); }

 private:
  double fraction_;
  // Heaps: what is at or below the percentile, the largest on top, and what is above, the least on top.
  std::vector<double> low_, high_;

  double index() const { return static_cast<double>(size() - 1) * fraction_; }
};

}  // namespace moola::sweep
