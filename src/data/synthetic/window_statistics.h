#pragma once
#include <span>
#include <string>
#include <vector>

namespace moola::data {

/// What is measured of one window, so that two sets of windows can be held against each other.
///
/// Of windows of open, high, low and close: of the log returns of close their mean, deviation, skewness, kurtosis, and
/// the correlation with the return before, as it is and of their sizes; and the log of the window's highest high over
/// its lowest low. Of every other channel the same of its steps, and its largest value less its smallest. A figure that
/// has no meaning (skewness of what never moves) is 0. Same bits on every machine.
class WindowStatistics {
 public:
  /// `prices`: whether open, high, low and close, where all four are there, are prices above 0.
  WindowStatistics(std::vector<std::string> channel_names, bool prices);

  /// "close: deviation" and so on.
  const std::vector<std::string>& names() const { return names_; }
  /// Of a window (bars, channels) into `out` (names). Throws std::invalid_argument for sizes that do not fit.
  void measure(std::span<const float> window, std::span<double> out) const;

 private:
  std::vector<std::string> channels_, names_;
  std::vector<std::size_t> candle_ = {};  // open, high, low, close, or none
};

/// Whether open, high, low and close are among the channels, and all their values above 0.
bool holds_prices(const std::vector<std::string>& channel_names, std::span<const float> x);

}  // namespace moola::data
