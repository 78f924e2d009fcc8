#pragma once
#include <algorithm>
#include <cstddef>
#include <span>

namespace moola::market {

/// One bar of a window (T, 4) of open, high, low and close.
struct WindowBar {
  double open, high, low, close;

  /// 0 of a candle that cannot be.
  double range() const { return high > low ? high - low : 0.0; }
  /// 1 for a rise, -1 for a fall, 0 for neither.
  int direction() const { return (close > open) - (close < open); }
};

inline WindowBar bar_at(std::span<const double> window, std::size_t t) {
  return {window[t * 4], window[t * 4 + 1], window[t * 4 + 2], window[t * 4 + 3]};
}
inline std::size_t bars_of(std::span<const double> window) {
  return window.size() / 4;
}

/// A candle over its own range; all 0 where it has none.
struct CandleShape {
  double body = 0;                               // close - open, [-1, 1]
  double upper_wick = 0, lower_wick = 0;         // [0, 1]
  double open_position = 0, close_position = 0;  // above the low, [0, 1]
};

inline CandleShape candle_shape(const WindowBar& bar) {
  const double range = bar.range();
  if (!(range > 0)) return {};
  const auto share = [&](double part) { return std::clamp(part / range, 0.0, 1.0); };
  return {.body = std::clamp((bar.close - bar.open) / range, -1.0, 1.0),
          .upper_wick = share(bar.high - std::max(bar.open, bar.close)),
          .lower_wick = share(std::min(bar.open, bar.close) - bar.low),
          .open_position = share(bar.open - bar.low),
          .close_position = share(bar.close - bar.low)};
}

/// Whether a bar lies wholly above (below) the one before.
inline bool gaps_up(const WindowBar& before, const WindowBar& bar) {
  return bar.low > before.high;
}
inline bool gaps_down(const WindowBar& before, const WindowBar& bar) {
  return bar.high < before.low;
}

}  // namespace moola::market
