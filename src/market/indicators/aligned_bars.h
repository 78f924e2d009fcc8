#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace moola::market {

/// Another symbol's bars beside ours: what of it was known when each of our bars ended.
struct AlignedBars {
  std::vector<double> close;         // of its last bar that had ended by then; NaN before its first
  std::vector<std::uint32_t> fresh;  // bars of ours in a row, up to this one, beside which that was not too old
};

/// Bars by when they begin (nanoseconds UTC, increasing) and how long they last.
struct BarTimes {
  std::span<const std::int64_t> begin;
  std::int64_t length;  // nanoseconds
};

/// Puts another's bars, which close at `close`, beside ours. To each of ours belongs the last of the other's that had
/// ended when it ended itself; one that ended more than `max_age` nanoseconds earlier is too old. Knows nothing of
/// later bars of either side. The other's may be shorter than ours, so that its price is that of the moment. Cost O(n +
/// |other|).
AlignedBars align(const BarTimes& ours, const BarTimes& other, std::span<const double> close, std::int64_t max_age);

}  // namespace moola::market
