#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/windows/prefix_index.h"
#include "data/windows/window_timeline.h"

namespace moola::data {

/// Some of a set's windows, in ascending order, kept as ranges of window numbers: memory O(ranges).
class WindowSelection {
 public:
  /// Window numbers [begin, end).
  struct Range {
    std::int64_t begin, end;

    bool operator==(const Range&) const = default;
  };

  WindowSelection() = default;
  /// Ranges in ascending order; neighbours that touch become one, empty ones go. Throws std::invalid_argument when they
  /// overlap.
  explicit WindowSelection(std::span<const Range> ranges);

  std::int64_t size() const { return index_.total(); }
  std::span<const Range> ranges() const { return ranges_; }
  /// The window number of the selection's k-th window, k in [0, size()). Well under 100 ns.
  std::int64_t operator[](std::int64_t k) const {
    const auto [range, offset] = index_.find(k);
    return ranges_[static_cast<std::size_t>(range)].begin + offset;
  }
  bool contains(std::int64_t window) const;

 private:
  std::vector<Range> ranges_;
  PrefixIndex index_;
};

/// Which part of time may be used.
struct TimeSelection {
  std::optional<std::int64_t> from = {}, to = {};  // ns: bars from `from` on, ended by `to`
  std::vector<TimeRange> exclude = {};             // no window that meets one of these

  bool empty() const { return !from && !to && exclude.empty(); }
};

/// Those of `among` that begin at or after `from`, end at or before `to`, and whose time meets no excluded range. A
/// window that stands on both sides of an excluded range meets it, also when the bars in between are missing. Cost
/// O(runs (1 + excluded) log windows). Throws ConfigError when a range ends before it begins, or when nothing is left.
WindowSelection select_windows(const WindowTimeline& timeline, const WindowSelection& among,
                               const TimeSelection& times);

/// A training part and the last part of time, kept for judging it.
struct HoldoutSplit {
  WindowSelection train, holdout;
  std::optional<std::int64_t> cut;  // ns: when the hold-out begins; none without one
  std::int64_t purged = 0;          // windows in neither part
};

/// Keeps the last `fraction` of `among` by time of begin, over all symbols: as many windows as are nearest to that
/// share, and with them all that begin at the same moment as the earliest. What remains trains, if it ends one window
/// length (in bars of its own symbol, and in time) before the hold-out begins. A fraction of 0 keeps nothing back. Cost
/// O(64 runs). Throws ConfigError for a fraction outside [0, 1), LeakError when no training window is left.
HoldoutSplit hold_out(const WindowTimeline& timeline, const WindowSelection& among, double fraction);

/// What of one symbol's time a selection has seen.
struct SymbolSpan {
  std::string symbol;
  std::vector<TimeRange> times;  // ascending, apart from one another
};

/// The time that a selection covers, per symbol. Neighbouring runs of which no window between them was left out make
/// one range, so gaps in the data do not tear it. Cost O(runs + ranges).
std::vector<SymbolSpan> window_span(const WindowTimeline& timeline, const WindowSelection& selection);

}  // namespace moola::data
