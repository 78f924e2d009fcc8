#pragma once
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

namespace moola::market {

/// Rows [begin, end) of a table.
struct Rows {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};

/// How many rows there are in all. Throws std::invalid_argument when a range runs backwards or past `rows_in_all`.
inline std::size_t count_rows(std::span<const Rows> rows, std::size_t rows_in_all) {
  std::size_t count = 0;
  for (const Rows& range : rows) {
    if (range.begin > range.end || range.end > rows_in_all)
      throw std::invalid_argument("a check of rows that there are not");
    count += range.size();
  }
  return count;
}

}  // namespace moola::market
