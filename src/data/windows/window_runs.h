#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "data/windows/prefix_index.h"

namespace moola::data {

/// What a window is made of.
struct WindowShape {
  std::int64_t length = 105;  // bars
  std::int64_t stride = 1;    // bars from one window's begin to the next one's
  std::optional<std::int64_t> max_gap =
      600'000'000'000;           // ns between the stamps of neighbouring bars inside a window; none: any
  std::uint8_t break_flags = 0;  // no window goes on over a bar that has one of these flags (market::BarFlag)
};

/// `windows` windows in a row: the first begins at bar `begin` of series `bars`, the others follow every stride bars.
struct WindowRun {
  std::int32_t bars;
  std::int64_t begin, windows;

  bool operator==(const WindowRun&) const = default;
};

/// Finds the runs of valid windows of one series, fed piece by piece, so that no series need be in memory.
///
/// A stretch is a maximal row of bars whose neighbouring stamps differ by max_gap at most and of which none but the
/// first has a break flag. In a stretch of n >= length bars, windows begin at its first bar and every `stride` bars
/// after it: (n - length) / stride + 1 of them.
class RunFinder {
 public:
  /// Throws ConfigError for a length or stride below 1 or a max_gap that is not positive.
  RunFinder(WindowShape shape, std::int32_t bars);

  /// The bars that follow: stamps in ns, strictly increasing, and their flags (as many, or none). Throws DataError
  /// naming the bar.
  void add(std::span<const std::int64_t> time, std::span<const std::uint8_t> flags);
  /// Ends the series. One run for each stretch that holds a window.
  std::vector<WindowRun> finish();

  /// Bars of the longest stretch: the longest window that would fit.
  std::int64_t longest_stretch() const { return longest_; }

 private:
  void end_stretch();

  WindowShape shape_;
  std::int32_t bars_;
  std::int64_t begin_ = 0, count_ = 0, last_ = 0, longest_ = 0;
  std::vector<WindowRun> runs_;
};

/// RunFinder on a series in memory.
std::vector<WindowRun> find_runs(std::span<const std::int64_t> time, std::span<const std::uint8_t> flags,
                                 const WindowShape& shape, std::int32_t bars = 0);

/// All windows of a view, numbered from 0 in the order of its runs. Memory O(runs) for any number of windows.
class WindowRuns {
 public:
  WindowRuns() = default;
  /// Throws DataError for negative numbers or a sum beyond int64.
  WindowRuns(std::vector<WindowRun> runs, std::int64_t length, std::int64_t stride);

  std::int64_t size() const { return index_.total(); }
  std::int64_t length() const { return length_; }
  std::int64_t stride() const { return stride_; }
  std::span<const WindowRun> runs() const { return runs_; }
  /// The number of a run's first window.
  std::int64_t first_window(std::int64_t run) const { return index_.begin(run); }
  std::size_t bytes() const { return index_.bytes() + runs_.capacity() * sizeof(WindowRun); }

  struct Place {
    std::int32_t bars;
    std::int64_t begin;
  };
  /// The series and the first bar of window `window` in [0, size()). Well under 100 ns.
  Place operator[](std::int64_t window) const {
    const auto [run, offset] = index_.find(window);
    const WindowRun& found = runs_[static_cast<std::size_t>(run)];
    return {found.bars, found.begin + offset * stride_};
  }
  /// In which run a window is, and its number there.
  PrefixIndex::Place run_of(std::int64_t window) const { return index_.find(window); }

 private:
  std::vector<WindowRun> runs_;
  std::int64_t length_ = 1, stride_ = 1;
  PrefixIndex index_;
};

}  // namespace moola::data
