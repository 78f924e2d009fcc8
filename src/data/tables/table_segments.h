#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace moola::data {

/// The segment of each row: a symbol's next one begins where `break_before` says so, or after more than `max_gap` (ns)
/// since its row before. Numbered in the order of their first rows.
///
/// `time` (n) in the order of TableRows; `symbol` (n) or empty for one; `break_before` (n, not 0: a break) or empty.
/// Cost O(n).
std::vector<std::int32_t> segments_of(std::span<const std::int64_t> time, std::span<const std::int32_t> symbol,
                                      std::optional<std::int64_t> max_gap,
                                      std::span<const std::uint8_t> break_before = {});

/// The rows of a table, segment by segment.
struct SegmentRows {
  std::vector<std::int64_t> rows;   // (n), those of a segment in the order of time
  std::vector<std::int64_t> begin;  // (S + 1): segment s is rows[begin[s]] up to rows[begin[s + 1]], exclusive

  std::size_t segments() const { return begin.size() - 1; }
  std::span<const std::int64_t> of(std::size_t segment) const {
    return std::span(rows).subspan(static_cast<std::size_t>(begin[segment]),
                                   static_cast<std::size_t>(begin[segment + 1] - begin[segment]));
  }
};

/// What windows are cut from: `segment` (n) as TableRows has it. Cost O(n).
SegmentRows rows_by_segment(std::span<const std::int32_t> segment);

}  // namespace moola::data
