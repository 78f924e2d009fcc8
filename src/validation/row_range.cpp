#include "validation/row_range.h"

#include <algorithm>

namespace moola::validation {

std::size_t count_rows(std::span<const RowRange> ranges) {
  std::size_t total = 0;
  for (const RowRange& range : ranges) total += range.size();
  return total;
}

void append_row(std::vector<RowRange>& ranges, std::size_t row) {
  if (!ranges.empty() && ranges.back().end == row) {
    ++ranges.back().end;
  } else {
    ranges.push_back({row, row + 1});
  }
}

std::vector<RowRange> ranges_of(std::span<const std::size_t> rows) {
  std::vector<RowRange> out;
  for (const std::size_t row : rows) append_row(out, row);
  return out;
}

std::vector<RowRange> united(std::vector<RowRange> ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<RowRange> out;
  for (const RowRange& range : ranges) {
    if (range.begin >= range.end) continue;
    if (!out.empty() && range.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::vector<RowRange> rows_outside(std::span<const RowRange> ranges, std::span<const RowRange> taken) {
  std::vector<RowRange> out;
  std::size_t next = 0;  // of `taken`, the first that does not end before the range
  for (RowRange range : ranges) {
    while (next < taken.size() && taken[next].end <= range.begin) ++next;
    for (std::size_t i = next; i < taken.size() && taken[i].begin < range.end; ++i) {
      if (range.begin < taken[i].begin) out.push_back({range.begin, taken[i].begin});
      range.begin = std::max(range.begin, taken[i].end);
    }
    if (range.begin < range.end) out.push_back(range);
  }
  return out;
}

std::vector<RowRange> rows_between(std::span<const RowRange> taken, std::size_t begin, std::size_t end) {
  const RowRange all{begin, end};
  return rows_outside(std::span(&all, 1), taken);
}

}  // namespace moola::validation
