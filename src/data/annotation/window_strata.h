#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "market/bars.h"

namespace moola::data {

/// A part of the day, UTC: minutes [begin, end) of the day, over midnight when end <= begin.
struct DaySession {
  std::string name;
  std::int32_t begin = 0, end = 0;
  bool holds(std::int32_t minute) const {
    return begin < end ? minute >= begin && minute < end : minute >= begin || minute < end;
  }
};

/// A 22:00-01:00, B 01:00-07:00, C 13:00-17:00, D 17:00-22:00. Source: reference moola.md 1.5.
std::vector<DaySession> usual_sessions();
/// "A=22:00-01:00". Throws ConfigError.
DaySession parse_session(const std::string& text);

/// A window that may be drawn, and what it is like.
struct Candidate {
  std::int64_t begin = 0;  // first bar
  std::int32_t session = 0;
  double volatility = 0;  // standard deviation of the log returns of its closes
  double range = 0;       // (highest high - lowest low) / first close
  double trend = 0;       // |last close / first close - 1|
};

/// Measures the windows of `length` bars that begin at `begins` and whose bar `marker` (the first that may be marked)
/// lies in a session; the others are left out. The same bits on every processor. Cost O(windows length), about 0.4 us a
/// window of 105 bars.
std::vector<Candidate> measure_windows(const market::Bars& bars, std::span<const std::int64_t> begins,
                                       std::int64_t length, std::int64_t marker, std::span<const DaySession> sessions);

/// The candidates of one cell: a session, and the lower or the upper half of its volatilities.
struct Stratum {
  std::int32_t session = 0;
  bool high = false;
  std::vector<Candidate> candidates;  // ascending by rank(range) + rank(trend) within the cell
};

/// Cells in the order of sessions, low before high. Equal values rank by the window's begin.
std::vector<Stratum> stratify(std::span<const Candidate> candidates, std::size_t sessions);

/// Draws up to `count` windows of a stratum: one from each of `count` equal stretches of its order, so that the drawn
/// are spread over range and trend; then, where a stretch had none that may be taken, from all of it. Which one is a
/// pure function of (seed, cell, window). `take` says whether a window may still be taken, and takes it.
std::vector<Candidate> draw(const Stratum& stratum, std::size_t count, std::uint64_t seed, std::uint64_t cell,
                            const std::function<bool(const Candidate&)>& take);

}  // namespace moola::data
