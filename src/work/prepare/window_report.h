#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "market/window_features/window_checks.h"
#include "market/window_features/window_feature_set.h"
#include "work/prepare/price_windows.h"

namespace moola::work {

/// One thing that should hold of a set of windows.
struct SetFinding {
  std::string check, expected, found;
  bool holds = true;
};

/// What is to be said of windows before anything learns from them. Nothing of it stops a computation.
struct WindowReport {
  std::int64_t windows = 0;
  std::size_t length = 0;
  std::vector<market::WindowFinding> bars;
  std::vector<SetFinding> set;

  /// Checks that something fails.
  std::size_t failed() const;
};

/// What holds of the set as a whole: how many windows there are (50 at least), how many of each class (2 at least, the
/// largest at most 3 times the smallest), and where the expansions are (start before end, both in the inner window).
/// Checks of what the set does not have are left out. Source: reference/moola.md 1.2, 1.3.
std::vector<SetFinding> check_set(const PriceWindows& windows, const market::InnerWindow& inner);

Json to_json(const WindowReport& report);
/// For people: a line for each check, "ok" or what was found.
std::string to_text(const WindowReport& report);

}  // namespace moola::work
