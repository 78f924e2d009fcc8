#pragma once
// The kernel of one instruction set; included once by each gp_kernel_v*.cpp, which says how long a register is. Calls
// no template of the standard library, of which the linker would keep one copy for all sets.
#include "sweep/samplers/gp/gp_kernel.h"

namespace {

using moola::sweep::gp_kernel::Coordinates;

// What a register holds; need not be aligned.
using Register = double __attribute__((vector_size(kRegisterBytes), aligned(8), may_alias));
constexpr std::size_t kHeld = kRegisterBytes / sizeof(double), kRegisters = 8, kTile = kHeld * kRegisters;

void combine_of_set(double* out, std::size_t length, const double* rows, std::size_t stride, const double* by,
                    std::size_t count, bool triangle) {
  std::size_t j = 0;
  for (; j + kTile <= length; j += kTile) {
    Register sums[kRegisters];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRegisters; ++r) sums[r] = *reinterpret_cast<const Register*>(out + j + r * kHeld);
    for (std::size_t p = triangle ? j : 0; p < count; ++p) {
      const double factor = by[p];
      const double* row = rows + p * stride + j;
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRegisters; ++r)
        sums[r] += factor * *reinterpret_cast<const Register*>(row + r * kHeld);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRegisters; ++r) *reinterpret_cast<Register*>(out + j + r * kHeld) = sums[r];
  }
  for (; j + kHeld <= length; j += kHeld) {
    Register sum = *reinterpret_cast<const Register*>(out + j);
    for (std::size_t p = triangle ? j : 0; p < count; ++p)
      sum += by[p] * *reinterpret_cast<const Register*>(rows + p * stride + j);
    *reinterpret_cast<Register*>(out + j) = sum;
  }
  for (; j < length; ++j) {
    double sum = out[j];
    for (std::size_t p = triangle ? j : 0; p < count; ++p) sum += by[p] * rows[p * stride + j];
    out[j] = sum;
  }
}

void distances_of_set(double* out, const Coordinates& points, const double* from, const double* weights) {
  const std::size_t count = points.points;
  for (std::size_t j = 0; j < count; ++j) out[j] = 0;
  for (std::size_t c = 0; c < points.dimensions; ++c) {
    const double* values = points.values + c * points.stride;
    const double at = from[c], weight = weights[c];
    if (points.categorical[c] != 0) {
      for (std::size_t j = 0; j < count; ++j) out[j] += values[j] == at ? 0.0 : weight;
    } else {
      for (std::size_t j = 0; j < count; ++j) out[j] += weight * ((values[j] - at) * (values[j] - at));
    }
  }
}

void add_distances_of_set(double* sums, std::size_t stride, const Coordinates& points, const double* from,
                          const double* factors) {
  const std::size_t count = points.points;
  for (std::size_t c = 0; c < points.dimensions; ++c) {
    const double* values = points.values + c * points.stride;
    double* to = sums + c * stride;
    const double at = from[c];
    if (points.categorical[c] != 0) {
      for (std::size_t j = 0; j < count; ++j) to[j] += values[j] == at ? 0.0 : factors[j];
    } else {
      for (std::size_t j = 0; j < count; ++j) to[j] += factors[j] * ((values[j] - at) * (values[j] - at));
    }
  }
}

// e^-x for x from 0 on; 2e-304 and less beyond 700. x = k log 2 - r, |r| <= log(2) / 2; of the series 14 terms leave
// 1e-18.
inline double exp_minus(double x) {
  const double y = x < 700.0 ? -x : -700.0;
  const double shifted = y * 0x1.71547652b82fep0 + 0x1.8p52;  // its low bits are k
  const double k = shifted - 0x1.8p52;
  const double r = (y - k * 0x1.62e42fefa3800p-1) - k * 0x1.ef35793c76730p-45;
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
  const double unscaled = 1.0 + (r + r * r * series);
  return __builtin_bit_cast(
      double, __builtin_bit_cast(std::int64_t, unscaled) + (__builtin_bit_cast(std::int64_t, shifted) << 52));
}

void matern_of_set(double* values, double* slopes, std::size_t length, double scale) {
  if (slopes == nullptr) {
    for (std::size_t j = 0; j < length; ++j) {
      const double squared = 5.0 * values[j], r = __builtin_sqrt(squared);
      values[j] = scale * ((1.0 + r + squared / 3.0) * exp_minus(r));
    }
    return;
  }
  for (std::size_t j = 0; j < length; ++j) {
    const double squared = 5.0 * values[j], r = __builtin_sqrt(squared), e = exp_minus(r);
    values[j] = scale * ((1.0 + r + squared / 3.0) * e);
    slopes[j] = scale * (-5.0 / 6.0 * ((1.0 + r) * e));
  }
}

void subtract_squares_of_set(double* out, const double* values, std::size_t length) {
  for (std::size_t j = 0; j < length; ++j) out[j] -= values[j] * values[j];
}

}  // namespace
