#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moola::market {

/// Two neighbouring stamps that lie further apart than usual.
struct TimeGap {
  std::size_t row = 0;            // of the later one
  std::int64_t from = 0, to = 0;  // the stamps
  std::int64_t length() const { return to - from; }
};

/// What is wrong with a series of stamps, in nanoseconds.
struct TimeStampSummary {
  std::size_t rows = 0;
  std::int64_t first = 0, last = 0;  // in the order given; 0 without rows
  std::int64_t median_spacing = 0;   // of the steps forward, the lower of two middle ones; 0 where there is none
  std::size_t duplicates = 0;        // rows with the stamp of the row before
  std::size_t back_steps = 0;        // rows with an earlier stamp than the row before
  std::vector<std::size_t> duplicate_rows = {}, back_step_rows = {};  // the first of them, as many as are listed
  std::size_t gaps = 0;                                               // steps longer than gap_factor times the median
  std::int64_t missing = 0;                                           // time within gaps beyond one median each
  std::vector<TimeGap> longest_gaps = {};                             // longest first; of equal ones the earlier
};

struct TimeStampOptions {
  double gap_factor = 3;
  std::size_t listed = 20;
};

/// Of one series; rows of several symbols are several series. Cost O(n). Throws ConfigError when gap_factor is below 1.
TimeStampSummary check_time_stamps(std::span<const std::int64_t> time, const TimeStampOptions& options = {});

}  // namespace moola::market
