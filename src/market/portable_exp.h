#pragma once
#include <bit>
#include <cstdint>

namespace moola::market {

/// e to the power of x as scale (1 + part), `scale` a power of two: for x from -708 to 709. At -709 the scale is 0.
///
/// x = k log 2 + r with |r| <= log(2) / 2; e^r by its series, of which 14 terms leave 1e-18.
struct ScaledExp {
  double scale, part;
};
inline ScaledExp scaled_exp(double x) {
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // its low bits are zero, so k times it is exact
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  constexpr double kShift = 0x1.8p52;  // adding it rounds to a whole number
  const double shifted = x * 0x1.71547652b82fep0 + kShift;
  const double k = shifted - kShift;
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
  // The last bits of `shifted` are k; a conversion would keep compilers from taking several x at once.
  return {.scale = std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52),
          .part = r + r * r * series};
}

/// e to the power of x, the same bits on every machine: plain IEEE operations in a fixed order. Error below 2 units in
/// the last place; 0 below -708, and x above 709 means nothing. About 4 ns.
inline double portable_exp(double x) {
  if (!(x > -708.0)) return 0.0;
  const auto [scale, part] = scaled_exp(x);
  return (1.0 + part) * scale;
}

/// e^x - 1, also near 0, where the difference would cancel. Error below 2 units in the last place; -1 below -708, and x
/// above 709 means nothing.
inline double portable_expm1(double x) {
  if (!(x > -708.0)) return -1.0;
  const auto [scale, part] = scaled_exp(x);
  return part * scale + (scale - 1.0);
}

}  // namespace moola::market
