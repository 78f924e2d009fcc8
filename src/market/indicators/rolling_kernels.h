#pragma once
// The loops of rolling.cpp, compiled for each instruction set by rolling_v*.cpp. Every operation on a value is one IEEE
// operation, in an order that is written down, so the sets agree bit for bit.
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace moola::market::rolling {

/// Of `rows` windows: the first is x[0 .. period), out[i] is of x[i .. i + period). `work` has room for
/// work_size(rows, period) doubles.
struct Kernels {
  void (*sum)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*mean)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*max)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*min)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  /// Times `factor`.
  void (*weighted_sum)(const double* x, std::size_t rows, std::size_t period, double factor, double* out, double* work);
  void (*squares)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*mean_and_squares)(const double* x, std::size_t rows, std::size_t period, double* mean, double* squares,
                           double* work);
  void (*products)(const double* x, const double* y, std::size_t rows, std::size_t period, double* out, double* work);
  void (*pair)(const double* x, const double* y, std::size_t rows, std::size_t period, double* xx, double* yy,
               double* xy, double* work);
  /// Returns how many windows have one that does not move.
  std::int64_t (*correlation)(const double* x, const double* y, std::size_t rows, std::size_t period, double* out,
                              double* work);
  void (*mean_deviation)(const double* x, const double* mean, std::size_t rows, std::size_t period, double* out);
  void (*since_max)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*since_min)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*moments)(const double* x, std::size_t rows, std::size_t period, double* squares, double* cubes,
                  double* fourths, double* work);
  void (*count_below)(const double* x, std::size_t rows, std::size_t period, double* out);
  void (*count_above)(const double* x, std::size_t rows, std::size_t period, double* out);
  void (*rescaled_range)(const double* x, std::size_t rows, std::size_t period, double* out);
  void (*dot)(const double* x, const double* weights, std::size_t rows, std::size_t period, double* out);
  void (*mean_by)(const double* x, const double* weights, std::size_t rows, std::size_t period, double* out,
                  double* work);
  void (*hull)(const double* x, std::size_t rows, std::size_t period, std::size_t root, double* out, double* work);
  void (*triangle)(const double* x, std::size_t rows, std::size_t period, double* out, double* work);
  void (*middle)(const double* high, const double* low, std::size_t rows, std::size_t period, double* out,
                 double* work);
  void (*line)(const double* x, std::size_t rows, std::size_t period, double mean_share, double tilt_share, double* out,
               double* work);
  void (*angle)(double* slope, std::size_t rows);
  /// portable_log of x[i], and of x[i] / y[i].
  void (*log)(const double* x, std::size_t rows, double* out);
  void (*log_ratio)(const double* x, const double* y, std::size_t rows, double* out);
};

constexpr std::size_t work_size(std::size_t rows, std::size_t period) {
  return 6 * (rows + period);
}

const Kernels& kernels(Isa isa);

extern const Kernels kKernels_v2, kKernels_v3, kKernels_v4;

}  // namespace moola::market::rolling
