#pragma once
#include <cstdint>

#include "market/bars.h"
#include "market/clean/session_calendar.h"

namespace moola::market {

/// What is missing between bars, by what was done about it. A gap is a stretch of open market without the bars that
/// should be there.
struct GapReport {
  std::int64_t gaps = 0, filled_bars = 0;     // gaps that were filled
  std::int64_t left_gaps = 0, left_bars = 0;  // those that are longer than the limit
  std::int64_t longest = 0;                   // nanoseconds of open market without a bar
  std::int64_t outside = 0;  // bars while the calendar says closed: they are kept, and nothing is filled there
};

/// Puts a bar into every step of open market that has none, where at most `longest_fill` nanoseconds of it are missing
/// in one piece: open, high, low and close are the close before, the volume is 0, and it carries kFilled. Longer gaps
/// stay as they are, whole, and nothing is filled across a close or before a session's first bar. Every first bar of an
/// open interval carries kSessionEdge.
///
/// `step` nanoseconds between bars, whose stamps are multiples of it. Cost O(n). Throws DataError for stamps that are
/// not.
GapReport fill_gaps(Bars& bars, std::int64_t step, const SessionCalendar& calendar, std::int64_t longest_fill);

}  // namespace moola::market
