#pragma once
// How functions over windows walk along a series: some rows at a time, so that what lies between input and output stays
// in the cache. For the .cpp files beside it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>
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

/// out[i] = kept out[i - 1] + term i for all rows after `first`, whose value is there; terms(begin, end, to) computes
/// those of rows [begin, end), and use(begin, end) is called when `out` has these rows, `first` among the first of
/// them. A row's bits depend on how far it is from `first`, and on nothing that comes after it.
template <class Terms, class Use>
void each_decay(std::size_t first, double kept, std::span<double> out, Terms&& terms, Use&& use) {
  constexpr std::size_t kReach = 8, kRows = 256;
  const std::size_t n = out.size(), chain = std::min(n, first + kReach);
  std::vector<double> memory(kRows + kReach + work_size(kRows, kReach));
  double *const term = memory.data(), *const work = term + kRows + kReach;
  if (first + 1 < chain) terms(first + 1, chain, term);
  for (std::size_t i = first + 1; i < chain; ++i) out[i] = kept * out[i - 1] + term[i - first - 1];
  use(first, chain);
  for (std::size_t begin = chain; begin < n; begin += kRows) {
    const std::size_t end = std::min(n, begin + kRows);
    terms(begin - (kReach - 1), end, term);
    kernels().decay(term + (kReach - 1), end - begin, kept, out.data() + begin, work);
    use(begin, end);
  }
}

template <class Terms>
void each_decay(std::size_t first, double kept, std::span<double> out, Terms&& terms) {
  each_decay(first, kept, out, std::forward<Terms>(terms), [](std::size_t, std::size_t) {});
}

}  // namespace moola::market::rolling
