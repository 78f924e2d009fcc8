#include "data/windows/window_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {

RunFinder::RunFinder(WindowShape shape, std::int32_t bars) : shape_(shape), bars_(bars) {
  if (shape_.length < 1)
    throw ConfigError(fmt::format("a window has 1 bar at least; its length is given as {}.", shape_.length));
  if (shape_.stride < 1)
    throw ConfigError(fmt::format("the stride between windows is 1 bar at least; it is given as {}.", shape_.stride));
  if (shape_.max_gap && *shape_.max_gap < 1) {
    throw ConfigError(
        "the largest gap inside a window must be above zero: it is the difference between the stamps of neighbouring "
        "bars "
        "(one-minute bars without a hole: 1m). 'none' allows any.");
  }
}

void RunFinder::add(std::span<const std::int64_t> time, std::span<const std::uint8_t> flags) {
  for (std::size_t i = 0; i < time.size(); ++i) {
    const std::int64_t bar = begin_ + count_;
    if (bar > 0 && time[i] <= last_) {
      throw DataError(fmt::format(
          "bar {} is stamped {}, not after the bar before it ({}); bars must be in order of time. Import them again.",
          bar, utc_text(time[i]), utc_text(last_)));
    }
    const bool flagged = !flags.empty() && (flags[i] & shape_.break_flags) != 0;
    // Unsigned, because a difference of any two int64 fits there.
    const bool gap = shape_.max_gap && static_cast<std::uint64_t>(time[i]) - static_cast<std::uint64_t>(last_) >
                                           static_cast<std::uint64_t>(*shape_.max_gap);
    if (count_ > 0 && (flagged || gap)) end_stretch();
    ++count_;
    last_ = time[i];
  }
}

void RunFinder::end_stretch() {
  longest_ = std::max(longest_, count_);
  if (count_ >= shape_.length) runs_.push_back({bars_, begin_, (count_ - shape_.length) / shape_.stride + 1});
  begin_ += count_;
  count_ = 0;
}

std::vector<WindowRun> RunFinder::finish() {
  end_stretch();
  return std::move(runs_);
}

std::vector<WindowRun> find_runs(std::span<const std::int64_t> time, std::span<const std::uint8_t> flags,
                                 const WindowShape& shape, std::int32_t bars) {
  RunFinder finder(shape, bars);
  finder.add(time, flags);
  return finder.finish();
}

WindowRuns::WindowRuns(std::vector<WindowRun> runs, std::int64_t length, std::int64_t stride)
    : runs_(std::move(runs)), length_(length), stride_(stride) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(runs_.size());
  for (std::size_t r = 0; r < runs_.size(); ++r) {
    const WindowRun& run = runs_[r];
    // The last window's end must be a bar number too.
    const bool fits = run.begin >= 0 && run.windows >= 0 && run.bars >= 0 && length_ >= 1 && stride_ >= 1 &&
                      run.windows <= (std::numeric_limits<std::int64_t>::max() - run.begin - length_) / stride_;
    if (!fits) {
      throw DataError(
          fmt::format("run {} of windows is impossible: series {}, first bar {}, {} windows of {} bars at stride {}.",
                      r, run.bars, run.begin, run.windows, length_, stride_));
    }
    sizes.push_back(run.windows);
  }
  index_ = PrefixIndex(sizes);
}

}  // namespace moola::data
