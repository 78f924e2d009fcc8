#pragma once
// The hot loops of Gaussian processes, compiled for each instruction set by gp_kernel_v*.cpp. Each value is one lane of
// IEEE operations in one order, so the sets agree bit for bit.
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace moola::sweep::gp_kernel {

/// Points by coordinate: coordinate c of point p is values[c * stride + p].
struct Coordinates {
  const double* values;
  std::size_t stride, dimensions, points;
  const std::uint8_t* categorical;  // by dimension: whether two values are just the same or not
};

struct Kernel {
  /// out[j] += sum of by[p] rows[p * stride + j] over p < count, in this order; j < length. For a `triangle`, what lies
  /// right of the diagonal of `rows` is zero and is left out.
  void (*combine)(double* out, std::size_t length, const double* rows, std::size_t stride, const double* by,
                  std::size_t count, bool triangle);
  /// out[j] = sum of weights[c] d_c^2 over the dimensions, d_c the distance of point j from `from` (dimensions); of
  /// categories it is 1 or 0.
  void (*distances)(double* out, const Coordinates& points, const double* from, const double* weights);
  /// sums[c * stride + j] += factors[j] d_c^2; `stride` is that of the sums.
  void (*add_distances)(double* sums, std::size_t stride, const Coordinates& points, const double* from,
                        const double* factors);
  /// Turns squared distances q into scale (1 + r + r^2 / 3) e^-r, r = sqrt(5 q), and writes how that changes with q to
  /// `slopes` where there is one.
  void (*matern)(double* values, double* slopes, std::size_t length, double scale);
  /// out[j] -= values[j]^2.
  void (*subtract_squares)(double* out, const double* values, std::size_t length);
};

const Kernel& kernel(Isa isa);

extern const Kernel kernel_v2, kernel_v3, kernel_v4;

}  // namespace moola::sweep::gp_kernel
