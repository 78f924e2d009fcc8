#include "data/tables/table_segments.h"

#include <algorithm>
#include <stdexcept>

namespace moola::data {

std::vector<std::int32_t> segments_of(std::span<const std::int64_t> time, std::span<const std::int32_t> symbol,
                                      std::optional<std::int64_t> max_gap, std::span<const std::uint8_t> break_before) {
  if ((!symbol.empty() && symbol.size() != time.size()) ||
      (!break_before.empty() && break_before.size() != time.size())) {
    throw std::invalid_argument("rows, symbols and breaks of a table are of unequal number");
  }
  struct Last {
    std::int64_t time = 0;
    std::int32_t segment = -1;
  };
  std::vector<Last> last;  // of each symbol
  std::vector<std::int32_t> segments(time.size());
  std::int32_t next = 0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    const auto of = symbol.empty() ? std::size_t{0} : static_cast<std::size_t>(symbol[i]);
    if (of >= last.size()) last.resize(of + 1);
    Last& before = last[of];
    const bool gap = max_gap && before.segment >= 0 && time[i] - before.time > *max_gap;
    const bool broken = !break_before.empty() && break_before[i] != 0;
    if (before.segment < 0 || gap || broken) before.segment = next++;
    before.time = time[i];
    segments[i] = before.segment;
  }
  return segments;
}

SegmentRows rows_by_segment(std::span<const std::int32_t> segment) {
  const auto segments =
      segment.empty() ? std::size_t{0} : static_cast<std::size_t>(*std::ranges::max_element(segment)) + 1;
  SegmentRows result{.rows = std::vector<std::int64_t>(segment.size()),
                     .begin = std::vector<std::int64_t>(segments + 1)};
  for (const std::int32_t each : segment) ++result.begin[static_cast<std::size_t>(each) + 1];
  for (std::size_t s = 0; s < segments; ++s) result.begin[s + 1] += result.begin[s];
  std::vector<std::int64_t> to(result.begin.begin(), result.begin.end() - 1);
  for (std::size_t i = 0; i < segment.size(); ++i)
    result.rows[static_cast<std::size_t>(to[static_cast<std::size_t>(segment[i])]++)] = static_cast<std::int64_t>(i);
  return result;
}

}  // namespace moola::data
