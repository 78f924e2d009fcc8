#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "market/window_features/window_checks.h"
#include "market/window_features/window_feature_set.h"
#include "work/features/price_windows.h"

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

/// Looks at the windows of a set piece by piece: market::WindowChecks for the bars, and of the set as a whole
///
/// - `windows`: 50 at least;
/// - `classes`, `balance`: two or more, each of 2 windows at least; the largest at most 3 times the smallest;
/// - `expansions`: start before end, both in the inner window;
/// - `twins`, `contradictions`: windows of the very same bars share a group, so that no split parts them, and a class.
///
/// Checks of what the set does not have are left out. Source: reference/moola.md 1.2, 1.3.
class WindowChecker {
 public:
  /// Throws DataError when labels or groups do not fit the windows.
  WindowChecker(const PriceWindows& windows, const market::InnerWindow& inner);
  void add(const PriceWindows::Piece& piece);
  WindowReport report() const;

 private:
  // Windows that repeat the bars of an earlier one and differ from it in something they should share.
  struct Twins {
    std::int64_t differ = 0, window = -1, earlier = -1;
    void add(std::int64_t number, std::int64_t of);
    SetFinding finding(std::string check, std::string expected) const;
  };
  SetFinding expansions() const;

  const PriceWindows& windows_;
  market::InnerWindow inner_;
  market::WindowChecks bars_;
  std::size_t classes_ = 0;
  std::vector<std::int32_t> y_;                             // empty: unlabelled
  std::vector<std::int64_t> group_;                         // empty: the set has none
  std::unordered_map<std::string, std::int64_t> first_of_;  // by hash of the prices, of labelled windows
  Twins other_group_, other_class_;
};

/// The report of all windows of a set.
WindowReport check_windows(const PriceWindows& windows, const market::InnerWindow& inner);

Json to_json(const WindowReport& report);
/// For people: a line for each check, "ok" or what was found.
std::string to_text(const WindowReport& report);

}  // namespace moola::work
