#pragma once
// Sums over a trailing window for loops that go through the bars anyway: two additions a row whatever the period, and
// no drift. A window's terms are the last ones of one stretch as long as the window and the first ones of the next;
// while a stretch is added up from the front for its own rows, it is added up from the back for those of the next.
// Unlike those of rolling.h such a sum depends in its last bits on where the series begins.
#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace moola::market {

/// Calls take(row, sums) for the rows from `begin` + `length` - 1 on and before n, in their order, with the sums over
/// the last `length` rows of what term(row) returned, an array of kColumns doubles. Terms may be asked for up to
/// `length` - 1 rows ahead.
template <std::size_t kColumns, class Term, class Take>
void stretch_sums(std::size_t begin, std::size_t n, std::size_t length, Term&& term, Take&& take) {
  using Columns = std::array<double, kColumns>;
  std::vector<Columns> buffers(3 * length + 2);
  Columns *before = buffers.data(), *here = before + length + 1, *const terms = here + length + 1;
  const auto plus = [](const Columns& a, const Columns& b) {
    Columns sum;
    for (std::size_t c = 0; c < kColumns; ++c) sum[c] = a[c] + b[c];
    return sum;
  };
  for (std::size_t skip = length - 1; begin < n; begin += length, skip = 0) {
    const std::size_t count = std::min(length, n - begin);
    for (std::size_t k = 0; k < count; ++k) terms[k] = term(begin + k);
    Columns front{}, back{};
    for (std::size_t k = 0; k < count; ++k) {
      front = plus(front, terms[k]);
      if (count == length) {
        back = plus(back, terms[length - 1 - k]);
        here[length - 1 - k] = back;
      }
      if (k >= skip) take(begin + k, plus(before[k + 1], front));
    }
    std::swap(before, here);
  }
}

}  // namespace moola::market
