#pragma once
#include <bit>
#include <cstdint>

namespace moola::market {

/// e to the power of x, the same bits on every machine: plain IEEE operations in a fixed order. Error below 2 units in
/// the last place; 0 below -708, and x above 709 means nothing. About 4 ns.
///
/// x = k log 2 + r with |r| <= log(2) / 2; e^r by its series, of which 14 terms leave 1e-18.
inline double portable_exp(double x) {
  if (!(x > -708.0)) return 0.0;
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // its low bits are zero, so k times it is exact
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  constexpr double kShift = 0x1.8p52;  // adding it rounds to a whole number
  const double k = (x * 0x1.71547652b82fep0 + kShift) - kShift;
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double series = 1.0 / 87178291200.0;
  series = series * r + 1.0 / 6227020800.0;
  series = series * r + 1.0 / 479001600.0;
  series = series * r + 1.0 / 39916800.0;
  series = series * r + 1.0 / 3628800.0;
  series = series * r + 1.0 / 362880.0;
  series = series * r + 1.0 / 40320.0;
  series = series * r + 1.0 / 5040.0;
  series = series * r + 1.0 / 720.0;
  series = series * r + 1.0 / 120.0;
  series = series * r + 1.0 / 24.0;
  series = series * r + 1.0 / 6.0;
  series = series * r + 0.5;
  const double power = 1.0 + (r + r * r * series);
  return power * std::bit_cast<double>((static_cast<std::int64_t>(k) + 1023) << 52);
}

}  // namespace moola::market
