#pragma once
// How functions over windows walk along a series: some rows at a time, so that what lies between input and output stays
// in the cache. For the .cpp files beside it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "market/indicators/rolling_kernels.h"

namespace moola::market::rolling {

/// `rows` windows of `period` values, the first of which begins at row `begin` and ends at row `row`.
struct Block {
  std::size_t begin, row, rows, period;
  double* work;  // as Kernels wants it
};

/// Those of this processor.
inline const Kernels& kernels() {
  return kernels(isa());
}

/// Rows whose intermediate values stay in the cache.
inline constexpr std::size_t kBlockRows = 512;

/// Rows of the longest block: windows that are long make long blocks, as their overlap must not be all there is to do.
constexpr std::size_t block_rows(std::size_t period, std::size_t usual = kBlockRows) {
  return std::max(usual, 2 * period);
}

/// Calls compute(Block) for all rows of `out` that have a whole window of x, and sets those before to NaN. `leading`:
/// rows at the start that have no input; `usual_rows`: fewer for those who keep many columns. Throws
/// std::invalid_argument when `out` is not as long as x, or the period 0.
template <class Compute>
void each_block(std::span<const double> x, std::size_t leading, int period, std::span<double> out, Compute&& compute,
                std::size_t usual_rows = kBlockRows) {
  const std::size_t rows = x.size();
  if (period < 1) throw std::invalid_argument("a window of no bars");
  if (out.size() != rows) throw std::invalid_argument("a window's output is not as long as its input");
  const auto length = static_cast<std::size_t>(period);
  const std::size_t first = std::min(rows, leading + length - 1);
  std::fill_n(out.begin(), first, std::numeric_limits<double>::quiet_NaN());
  if (first == rows) return;
  const std::size_t block = std::min(block_rows(length, usual_rows), rows);
  // On a cache line's border, where the widest registers read best.
  constexpr std::size_t kLine = 64 / sizeof(double);
  std::vector<double> memory(work_size(block, length) + kLine);
  double* const work = memory.data() + (-reinterpret_cast<std::uintptr_t>(memory.data()) / sizeof(double)) % kLine;
  for (std::size_t row = first; row < rows; row += block)
    compute(Block{row + 1 - length, row, std::min(block, rows - row), length, work});
}

}  // namespace moola::market::rolling
