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

std::size_t count_rows(std::span<const RowRange> ranges);
/// Adds a row that comes after all of `ranges`: to the last of them, where it follows it.
void append_row(std::vector<RowRange>& ranges, std::size_t row);
/// Rows in order, as the ranges they make.
std::vector<RowRange> ranges_of(std::span<const std::size_t> rows);
/// Disjoint ranges in order that cover the same rows; ranges that touch become one.
std::vector<RowRange> united(std::vector<RowRange> ranges);
/// Rows of `ranges` in none of `taken`; both disjoint and in order.
std::vector<RowRange> rows_outside(std::span<const RowRange> ranges, std::span<const RowRange> taken);
/// Rows of [begin, end) in none of `taken`, which are disjoint and in order.
std::vector<RowRange> rows_between(std::span<const RowRange> taken, std::size_t begin, std::size_t end);

}  // namespace moola::validation
