#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace moola::data {

/// Half-open stretch of time [begin, end), nanoseconds UTC.
struct TimeRange {
  std::int64_t begin, end;

  bool operator==(const TimeRange&) const = default;
};

/// When the windows of a set are, as far as choosing among them needs to know: rows of windows whose times only grow.
///
/// A window's time begins with its first bar's stamp and ends where its last bar ends, exclusive. Within a run both
/// grow with the window.
class WindowTimeline {
 public:
  virtual ~WindowTimeline() = default;

  struct Run {
    std::int64_t first_window, windows;  // numbers [first_window, first_window + windows)
    std::int32_t symbol;
  };
  virtual std::int64_t runs() const = 0;
  virtual Run run(std::int64_t number) const = 0;
  /// The time of window `window` of a run, counted from its first.
  virtual TimeRange time(std::int64_t run, std::int64_t window) const = 0;
  /// Training windows of a symbol must end at or before this time to stay one window length away from a hold-out that
  /// begins at `cut`.
  virtual std::int64_t purge_limit(std::int32_t symbol, std::int64_t cut) const = 0;
  /// Names of the symbols.
  virtual const std::vector<std::string>& symbols() const = 0;

 protected:
  WindowTimeline() = default;
  WindowTimeline(const WindowTimeline&) = default;
  WindowTimeline& operator=(const WindowTimeline&) = default;
};

}  // namespace moola::data
