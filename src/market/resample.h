#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "market/bars.h"

namespace moola::market {

/// Bars put together into longer ones.
struct ResampledBars {
  Bars bars;                          // `time`: where the longer bar begins; only those that hold a bar
  std::vector<std::uint32_t> holder;  // per bar given: the longer bar that holds it
};

/// Bars of `step` nanoseconds, counted from 1970-01-01 UTC: first open, highest high, lowest low, last close, sum of
/// volumes, all flags of the bars that begin in [k step, (k + 1) step). An interval without a bar has none. Cost O(n).
/// Throws std::invalid_argument when `step` is not above 0.
ResampledBars resample(const Bars& bars, std::int64_t step);

}  // namespace moola::market
