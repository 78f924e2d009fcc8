#pragma once
#include <cstdint>
#include <utility>

namespace moola::market {

struct SineCosine {
  double sine, cosine;
};

/// Sine and cosine of `part` / `whole` of a turn, `whole` > 0: the same bits on every machine, as they are made of
/// plain IEEE operations in a fixed order. Error below 2 units in the last place; exactly 0, 1 and -1 where the angle
/// is a whole number of quarter turns.
///
/// Whole numbers bring the angle into an eighth of a turn; what is left goes into both Taylor series, of which 9 terms
/// leave 1e-19.
constexpr SineCosine portable_sine_cosine(std::int64_t part, std::int64_t whole) {
  const std::int64_t within = (part % whole + whole) % whole;
  const std::int64_t eighth = 8 * within / whole, rest = 8 * within % whole;
  // In every other eighth the angle is counted from its far end.
  const bool backwards = eighth % 2 != 0;
  constexpr double kEighthTurn = 0x1.921fb54442d18p-1;
  const double x = kEighthTurn * static_cast<double>(backwards ? whole - rest : rest) / static_cast<double>(whole);
  const double z = x * x;
  double odd = 0, even = 0;
  for (int n = 18; n >= 2; n -= 2) {
    odd = (1.0 + odd) * (-z / (n * (n + 1)));
    even = (1.0 + even) * (-z / ((n - 1) * n));
  }
  double sine = x + x * odd, cosine = 1.0 + even;
  // Counted from the nearest axis, every other quarter swaps them.
  if ((eighth + 1) / 2 % 2 != 0) std::swap(sine, cosine);
  if (eighth >= 4) sine = -sine;
  if (eighth >= 2 && eighth < 6) cosine = -cosine;
  return {.sine = sine + 0.0, .cosine = cosine + 0.0};  // no negative zeros
}

}  // namespace moola::market
