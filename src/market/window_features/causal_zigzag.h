#pragma once
#include <cstddef>
#include <optional>

#include "market/window_features/window_bar.h"

namespace moola::market {

/// A high or low where the price has turned.
struct Swing {
  std::size_t bar;  // where it stood, counted from the first bar fed
  double price;
};

/// Finds where prices turn, bar by bar, from closed bars alone: a swing is known when the price has moved away from it,
/// not when it happens.
///
/// A leg goes up or down (up at first) and has an extreme: its highest high or lowest low, the first of equal ones. The
/// extreme is confirmed as a swing when the bar's close is 1.2 ATR or more away from it, or when it is 5 bars old at
/// most and the bar's low (of an upward leg; else its high) is 0.5 ATR or more away. Then the leg turns, and its first
/// extreme is this bar's low (or high). ATR: mean of the last 10 true ranges, of fewer at first; where it is 0, and in
/// the first bar, nothing is confirmed. The second test looks at a bar's high and low without knowing which came first,
/// and may confirm an extreme in the very bar that made it. Source: reference/moola.md 1.4.
class CausalZigzag {
 public:
  static constexpr std::size_t kAverageBars = 10, kYoung = 5;
  static constexpr double kReversal = 1.2, kYoungReversal = 0.5;

  void add(const WindowBar& bar);

  /// Of the leg, after the bars so far: 1 or -1.
  int direction() const { return direction_; }
  double average_true_range() const { return average_; }
  const std::optional<Swing>& high() const { return high_; }
  const std::optional<Swing>& low() const { return low_; }

 private:
  void update_average(const WindowBar& bar);

  std::size_t bars_ = 0;
  int direction_ = 1;
  Swing extreme_{};
  std::optional<Swing> high_, low_;
  double previous_close_ = 0, average_ = 0;
  double true_ranges_[kAverageBars] = {};  // of bar b at b % kAverageBars
};

}  // namespace moola::market
