#pragma once
#include <cstdint>

namespace moola::market {

/// Natural logarithm of a finite x > 0, the same bits on every machine: plain IEEE operations in a fixed order, where
/// the C library's own log differs in the last bit between processors with and without fused multiply-add. Error below
/// 2 units in the last place; for other x the result means nothing. About 4 ns alone, less in a loop, which compilers
/// turn into vector instructions. Always inlined, as it is compiled for several instruction sets.
///
/// x = 2^e m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)) by its series, of which 10 terms leave
/// 1e-17.
[[gnu::always_inline]] inline double portable_log(double x) {
  // No branch, no signed shift and no conversion, which processors without AVX-512 lack for 64-bit vectors.
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcd;
  constexpr std::uint64_t kBias = 1024;                        // keeps the exponent above 0
  constexpr std::uint64_t kUnitsOf2To52 = 0x4330000000000000;  // the bits of 2^52, to which a whole number is added
  const bool subnormal = x < 0x1p-1022;                        // bring a leading one to where the exponent is read
  const auto bits = __builtin_bit_cast(std::uint64_t, subnormal ? x * 0x1p54 : x);
  const std::uint64_t exponent = (bits - kRootHalf + (kBias << 52)) >> 52;
  const double m = __builtin_bit_cast(double, bits - (exponent << 52) + (kBias << 52));
  const double e = __builtin_bit_cast(double, exponent | kUnitsOf2To52) - (0x1p52 + kBias) - (subnormal ? 54.0 : 0.0);
  const double f = m - 1.0;
  const double s = f / (m + 1.0);
  const double z = s * s;
  double series = 1.0 / 21.0;
  series = series * z + 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // its low bits are zero, so e times it is exact
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  return e * kLn2High + (2.0 * s + (2.0 * s * (z * series) + e * kLn2Low));
}

/// log(1 + x) of a finite x >= 0, also where x is so small that 1 + x loses its digits. Error below 3 units in the last
/// place.
[[gnu::always_inline]] inline double portable_log1p(double x) {
  const double sum = 1.0 + x;
  const double lost = x - (sum - 1.0);
  // Beyond 2^53 it is the one that gets lost, which changes nothing.
  return sum < 0x1p53 ? portable_log(sum) + lost / sum : portable_log(sum);
}

}  // namespace moola::market
