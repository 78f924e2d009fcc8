#pragma once
// Registers of one instruction set, and what is computed in them. Included by the files of one instruction set each,
// inside which everything has internal linkage: no function here may be shared with another file.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "sweep/samplers/tpe/parzen_kernel.h"

namespace {

#define MOOLA_INLINE inline __attribute__((always_inline))

#if defined(__AVX512F__)
#define MOOLA_LANE_BYTES 64
#elif defined(__AVX__)
#define MOOLA_LANE_BYTES 32
#else
#define MOOLA_LANE_BYTES 16
#endif
typedef double Lanes __attribute__((vector_size(MOOLA_LANE_BYTES)));
typedef std::int64_t Bits __attribute__((vector_size(MOOLA_LANE_BYTES)));
typedef double Unaligned __attribute__((vector_size(MOOLA_LANE_BYTES), aligned(8), may_alias));
constexpr std::size_t kLanes = MOOLA_LANE_BYTES / sizeof(double);

MOOLA_INLINE Lanes all(double value) {
  return value - Lanes{};
}
MOOLA_INLINE Lanes load(const double* p) {
  return *reinterpret_cast<const Unaligned*>(p);
}
MOOLA_INLINE void store(double* p, Lanes value) {
  *reinterpret_cast<Unaligned*>(p) = value;
}
MOOLA_INLINE Lanes smaller(Lanes a, Lanes b) {
  return a < b ? a : b;
}
MOOLA_INLINE Lanes larger(Lanes a, Lanes b) {
  return a > b ? a : b;
}
MOOLA_INLINE Lanes magnitude(Lanes x) {
  return (Lanes)((Bits)x & 0x7fffffffffffffff);
}
// What the compiler makes no single instruction of.
#if defined(__AVX512F__)
MOOLA_INLINE bool any_above(Lanes x, double bound) {
  return _mm512_cmp_pd_mask(x, _mm512_set1_pd(bound), _CMP_GT_OQ) != 0;
}
MOOLA_INLINE Lanes square_root(Lanes x) {
  return _mm512_maskz_sqrt_pd(0xff, x);
}
MOOLA_INLINE Lanes looked_up(const double* table, const std::uint32_t* rows) {
  const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows));
  return _mm512_mask_i32gather_pd(_mm512_setzero_pd(), 0xff, at, table, 8);
}
#elif defined(__AVX2__)
MOOLA_INLINE bool any_above(Lanes x, double bound) {
  return _mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_set1_pd(bound), _CMP_GT_OQ)) != 0;
}
MOOLA_INLINE Lanes square_root(Lanes x) {
  return _mm256_sqrt_pd(x);
}
MOOLA_INLINE Lanes looked_up(const double* table, const std::uint32_t* rows) {
  Lanes out;
  for (std::size_t i = 0; i < kLanes; ++i) out[i] = table[rows[i]];
  return out;
}
#else
MOOLA_INLINE bool any_above(Lanes x, double bound) {
  return _mm_movemask_pd(_mm_cmpgt_pd(x, _mm_set1_pd(bound))) != 0;
}
MOOLA_INLINE Lanes square_root(Lanes x) {
  return _mm_sqrt_pd(x);
}
MOOLA_INLINE Lanes looked_up(const double* table, const std::uint32_t* rows) {
  return Lanes{table[rows[0]], table[rows[1]]};
}
#endif

/// The first entries of an array that is shorter than a register, the others 1; and back.
MOOLA_INLINE Lanes load_some(const double* p, std::size_t n) {
  double all_of[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) all_of[i] = i < n ? p[i] : 1.0;
  return load(all_of);
}
MOOLA_INLINE void store_some(double* p, Lanes value, std::size_t n) {
  double all_of[kLanes];
  store(all_of, value);
  for (std::size_t i = 0; i < n; ++i) p[i] = all_of[i];
}

constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // its low bits are zero, so that whole multiples are exact
constexpr double kLn2Low = 0x1.ef35793c76730p-45;

/// e^x = 2^k e^r with |r| <= log(2) / 2, and e^r by its series. Error below 2 units in the last place; 0 below -708;
/// what is above 709 is taken for 709.
MOOLA_INLINE Lanes exponential(Lanes x, double least = -708.0) {
  constexpr double kShift = 0x1.8p52;  // adding it rounds to a whole number, which then stands in the low bits
  const Lanes kept = larger(smaller(x, all(709.0)), all(-708.0));
  const Lanes shifted = kept * 0x1.71547652b82fep0 + kShift;
  const Lanes k = shifted - kShift;
  const Lanes r = (kept - k * kLn2High) - k * kLn2Low;
  Lanes series = all(1.0 / 479001600.0);
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
  series = series * (r * r) + r + 1.0;
  const Lanes scale = (Lanes)(((Bits)shifted << 52) + 0x3ff0000000000000);
  return x <= least ? Lanes{} : series * scale;
}

/// Of a finite normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh((m - 1) / (m + 1)) by its
/// series. Error below 2 units in the last place.
MOOLA_INLINE Lanes logarithm(Lanes x) {
  const Bits bits = (Bits)x;
  // The exponent counted from sqrt(1/2), above 0 for all normal numbers.
  const Bits exponent = (bits - 0x3fe6a09e667f3bcd + (std::int64_t{1024} << 52)) >> 52;
  const Lanes m = (Lanes)(bits - (exponent << 52) + (std::int64_t{1024} << 52));
  const Lanes e = (Lanes)(exponent | 0x4330000000000000) - (0x1p52 + 1024);
  const Lanes f = m - 1.0;
  const Lanes s = f / (m + 1.0);
  const Lanes z = s * s;
  Lanes series = all(1.0 / 21.0);
  series = series * z + 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  return e * kLn2High + (2.0 * s + (2.0 * s * (z * series) + e * kLn2Low));
}

/// The normal tail P(z > t) without its exponential: times e^(-t^2/2), for t >= 0. Error below 1e-15 of it.
///
/// (1 + t) times it is smooth in s = (t - 5) / (t + 5), which is in [-1, 1): the polynomial through its values at 23
/// Chebyshev nodes, found in 60 digits.
MOOLA_INLINE Lanes scaled_tail(Lanes t) {
  const Lanes s = (t - 5.0) / (t + 5.0);
  Lanes p = all(-2.884794681666065e-10);
  p = p * s + 2.202744833785545e-09;
  p = p * s + 3.6618365134464486e-09;
  p = p * s - 2.5444050467809476e-08;
  p = p * s - 2.636797162252956e-08;
  p = p * s + 1.884103700417648e-07;
  p = p * s + 1.2798783276315e-07;
  p = p * s - 1.3003901927664463e-06;
  p = p * s - 7.043766633683324e-08;
  p = p * s + 9.05569490740514e-06;
  p = p * s - 9.896049006425415e-06;
  p = p * s - 5.360599672838837e-05;
  p = p * s + 0.0001823341283884875;
  p = p * s + 7.791206884376301e-06;
  p = p * s - 0.0016760723409777736;
  p = p * s + 0.006522000726622293;
  p = p * s - 0.015170415402960762;
  p = p * s + 0.02453696323875023;
  p = p * s - 0.02640104296627982;
  p = p * s + 0.010002352385420084;
  p = p * s + 0.031030368425963;
  p = p * s - 0.09155228183401122;
  p = p * s + 0.46151582985003775;
  return p / (1.0 + t);
}

/// A mass as shift + log(rest).
struct Mass {
  Lanes shift, rest;
};

/// Of the interval (middle - half, middle + half).
MOOLA_INLINE Mass normal_mass(Lanes middle, Lanes half) {
  const Lanes far_middle = magnitude(middle);
  const Lanes far = far_middle + half;
  const Lanes inner = far_middle - half;  // below 0 where 0 is inside
  const Lanes near = magnitude(inner);
  const auto inside = inner < 0.0;
  const Lanes far_tail = scaled_tail(far), near_tail = scaled_tail(near);
  const Lanes near_power = near * near * -0.5;
  // In one tail both ends share the factor e^(-near^2/2), which goes into the shift.
  const Lanes far_power = exponential(inside ? far * far * -0.5 : far_middle * half * -2.0);
  const Lanes rest =
      inside ? 1.0 - near_tail * exponential(near_power) - far_tail * far_power : near_tail - far_tail * far_power;
  // The difference cancels in a narrow interval: there, the density at the middle by its series of even powers.
  const Lanes width = half + half;
  const auto narrow = width * (1.0 + far_middle) < 0.02;
  const Lanes m = middle * middle, w = width * width;
  const Lanes series = 1.0 + w * ((m - 1.0) / 24.0 + w * ((m * m - 6.0 * m + 3.0) / 1920.0));
  const Lanes density = width * series * 0.3989422804014327;
  return {.shift = narrow ? m * -0.5 : (inside ? Lanes{} : near_power), .rest = narrow ? density : rest};
}

/// The t >= 0 with P(z > t) = chance, for chances from 1e-300 to a half. Two of Halley's steps, each of which makes
/// three times as many digits right, after a guess to 5e-4 (Hastings 1955, 26.2.23 of Abramowitz and Stegun).
MOOLA_INLINE Lanes tail_quantile(Lanes chance) {
  const Lanes g = square_root(-2.0 * logarithm(chance));
  Lanes t = g - (2.515517 + g * (0.802853 + g * 0.010328)) / (1.0 + g * (1.432788 + g * (0.189269 + g * 0.001308)));
  t = larger(t, Lanes{});
  for (int step = 0; step < 2; ++step) {
    const Lanes off = (scaled_tail(t) - chance * exponential(t * t * 0.5)) * 2.5066282746310002;
    t = larger(t + off / (1.0 - t * off * 0.5), Lanes{});
  }
  return t;
}

}  // namespace
