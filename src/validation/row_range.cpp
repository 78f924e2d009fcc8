#include "validation/row_range.h"

namespace moola::validation {

std::vector<RowRange> ranges_of(std::span<const std::size_t> rows) {
  std::vector<RowRange> out;
  for (const std::size_t row : rows) {
    if (!out.empty() && out.back().end == row) {
      ++out.back().end;
    } else {
      out.push_back({row, row + 1});
    }
  }
  return out;
}

std::size_t count_rows(std::span<const RowRange> ranges) {
  std::size_t total = 0;
  for (const RowRange& range : ranges) total += range.size();
  return total;
}

}  // namespace moola::validation
