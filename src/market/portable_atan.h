#pragma once
#include <cmath>
#include <cstdint>

namespace moola::market {

namespace portable {

[[gnu::always_inline]] inline std::uint64_t bits(double value) {
  return __builtin_bit_cast(std::uint64_t, value);
}
// As a condition it would become jumps, which nobody can predict here.
[[gnu::always_inline]] inline double choose(bool first, double one, double other) {
  const std::uint64_t mask = -static_cast<std::uint64_t>(first);
  return __builtin_bit_cast(double, bits(other) ^ ((bits(one) ^ bits(other)) & mask));
}

}  // namespace portable

/// The arc tangent of y / x for finite y and x that are not both 0, between -pi/2 and pi/2, the same bits on every
/// machine: plain IEEE operations in a fixed order, no branch. One division, so cheaper than dividing first. Error
/// below 3e-16. Compiled into whatever calls it, so that files for different processors may.
///
/// With t one of the tangents of 0, pi/8, pi/4, 3 pi/8 and pi/2, atan a = atan t + atan((a - t) / (1 + a t)), where the
/// last is at most tan(pi/16) and its series is short.
[[gnu::always_inline]] inline double portable_atan(double y, double x = 1.0) {
  using portable::bits, portable::choose;
  constexpr double kTan1 = 0x1.a827999fcef32p-2, kTan3 = 0x1.3504f333f9de6p+1;      // of pi/8, 3 pi/8
  constexpr double kAngle1 = 0x1.921fb54442d18p-2, kAngle3 = 0x1.2d97c7f3321d2p+0;  // of those doubles
  constexpr double kQuarter = 0x1.921fb54442d18p-1, kHalf = 0x1.921fb54442d18p+0;   // pi/4, pi/2
  const double a = std::fabs(y), b = std::fabs(x);
  const bool past1 = a > 0.198912367379658 * b, past2 = a > 0.6681786379192989 * b;
  const bool past3 = a > 1.496605762665489 * b, past4 = a > 5.027339492125848 * b;
  const double t = choose(past3, kTan3, choose(past2, 1.0, choose(past1, kTan1, 0.0)));
  const double angle = choose(past4, kHalf, choose(past3, kAngle3, choose(past2, kQuarter, choose(past1, kAngle1, 0))));
  const double above = choose(past4, -b, a - t * b), below = choose(past4, a, b + t * a);
  const double q = above / below;
  const double z = q * q, z2 = z * z, z4 = z2 * z2;
  const double c01 = 1.0 / 3.0 - z * (1.0 / 5.0), c23 = 1.0 / 7.0 - z * (1.0 / 9.0);
  const double c45 = 1.0 / 11.0 - z * (1.0 / 13.0), c67 = 1.0 / 15.0 - z * (1.0 / 17.0);
  const double c89 = 1.0 / 19.0 - z * (1.0 / 21.0);
  const double series = (c01 + z2 * c23) + z4 * ((c45 + z2 * c67) + z4 * c89);
  return std::copysign(angle + (q - q * z * series), __builtin_bit_cast(double, bits(y) ^ bits(x)));
}

}  // namespace moola::market
