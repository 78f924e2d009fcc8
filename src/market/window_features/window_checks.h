#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/window_features/window_bar.h"

namespace moola::market {

/// What makes a window (T, 4) of open, high, low and close unusable for features, with bar and price: a number that is
/// not finite, or not above 0.
std::optional<std::string> price_problem(std::span<const double> window);

/// What should hold of every bar of a window, and how often it does not.
struct WindowFinding {
  std::string_view check, expected;
  std::int64_t windows = 0, bars = 0;              // in how many windows, on how many bars of them
  std::int64_t first_window = -1, first_bar = -1;  // where first; -1: nowhere
};

/// Looks at windows one by one and keeps count. What is found is told, not put right: whether a candle that cannot be
/// spoils a study is for whoever makes it to say.
///
/// Checks: the high is at least open, close and low; the low is at most open and close; prices are 0.001 or more; high
/// less low is at most twice the middle between them; no log return of the close is more than 5 population deviations
/// of the window's from their mean. Source: reference/moola.md 1.3, without its ceiling of prices.
class WindowChecks {
 public:
  WindowChecks();
  /// A window without a price_problem. Cost O(T).
  void add(std::int64_t number, std::span<const double> window);
  const std::vector<WindowFinding>& findings() const { return findings_; }

 private:
  void found(std::size_t check, std::int64_t window, std::int64_t bar);
  std::vector<WindowFinding> findings_;
  std::vector<std::int64_t> last_window_;  // of each check
};

}  // namespace moola::market
