#pragma once
#include <cmath>
#include <cstddef>

namespace moola::market {

/// z-score of each number among all up to it, by Welford's sums: of numbers that are all equal the deviation is exactly
/// 0, which a sum of squares would not give.
class ExpandingZscore {
 public:
  /// (x - mean) / population deviation of the numbers so far with `x` among them; 0 where they don't move.
  double add(double x) {
    count_ += 1;
    const double before = x - mean_;
    mean_ += before / count_;
    squares_ += before * (x - mean_);
    return squares_ > 0 ? (x - mean_) / std::sqrt(squares_ / count_) : 0.0;
  }

 private:
  double count_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace moola::market
