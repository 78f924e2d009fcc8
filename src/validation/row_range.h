#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace moola::validation {

/// Rows [begin, end).
struct RowRange {
  std::size_t begin, end;
  std::size_t size() const { return end - begin; }
  auto operator<=>(const RowRange&) const = default;
};

/// Rows in order, as the ranges they make.
std::vector<RowRange> ranges_of(std::span<const std::size_t> rows);
std::size_t count_rows(std::span<const RowRange> ranges);

}  // namespace moola::validation
