#pragma once
#include <cstdint>

#include "market/indicators/aligned_bars.h"

namespace moola::market {

/// How old another symbol's bars are that stand beside ours, as `align` puts them there: from the end of its last bar
/// that had ended when ours ended, to the end of ours.
struct ComparedAges {
  std::int64_t fresh = 0;             // bars of ours whose other is at most max_age old
  std::int64_t too_old = 0;           // whose other is older
  std::int64_t before_first = 0;      // that ended before the other's first
  std::int64_t median = 0, most = 0;  // nanoseconds, of the fresh and the too old
  std::int64_t bars() const { return fresh + too_old + before_first; }
};

/// Cost O(n + |other|).
ComparedAges compared_ages(const BarTimes& ours, const BarTimes& other, std::int64_t max_age);

}  // namespace moola::market
