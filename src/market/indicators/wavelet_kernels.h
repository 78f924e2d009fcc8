#pragma once
// The loops of wavelets.cpp, compiled for each instruction set by wavelet_v*.cpp; the sets agree bit for bit, as those
// of rolling_kernels.h do. Coefficients are numbered as in PyWavelets: of a signal of n values, output k is the sum of
// filter[j] x[2 k + 1 - j], k below (n + 7) / 2, and beyond its ends the signal is mirrored, the end value twice.
#include <cstddef>

#include "base/isa.h"

namespace moola::market::wavelet {

constexpr std::size_t kTaps = 8;
constexpr std::size_t kWindow = 64;
// How many coefficients each level has, and which of them lie so far inside that they see no mirrored value: those are
// the same for every window that has them, and computed once.
constexpr std::size_t kCount1 = 35, kInside1 = 3, kOutside1 = 32;
constexpr std::size_t kCount2 = 21, kInside2 = 5, kOutside2 = 16;
constexpr std::size_t kCount3 = 14, kInside3 = 6, kOutside3 = 8;

// Daubechies' extremal phase filters with four vanishing moments, Daubechies 1992, rounded to double.
constexpr double kLow[kTaps] = {-0x1.5b41730b72e29p-7, 0x1.0d60ac768117bp-5,  0x1.f94e2196383a9p-6,
                                -0x1.7f0c1b7c604d4p-3, -0x1.ca7c6f9db5bfbp-6, 0x1.4302cdd3de43ap-1,
                                0x1.6e005ea45d748p-1,  0x1.d7d052af15ec0p-3};
constexpr double kHigh[kTaps] = {-kLow[7], kLow[6], -kLow[5], kLow[4], -kLow[3], kLow[2], -kLow[1], kLow[0]};

// Both static, so that each instruction set has its own.
/// Where index i of a signal of n values lies once the signal is mirrored at both ends. -n <= i < 2 n.
static constexpr std::size_t mirrored(std::ptrdiff_t i, std::size_t n) {
  const auto count = static_cast<std::ptrdiff_t>(n);
  return static_cast<std::size_t>(i < 0 ? -1 - i : i >= count ? 2 * count - 1 - i : i);
}

/// Which value tap j of coefficient k takes, of n.
static constexpr std::size_t tap(std::size_t k, std::size_t j, std::size_t n) {
  return mirrored(static_cast<std::ptrdiff_t>(2 * k + 1) - static_cast<std::ptrdiff_t>(j), n);
}

constexpr std::size_t kBlockRows = 128;  // rows at a time: what lies in between stays in the nearest cache
constexpr std::size_t kWorkSize = 36 * kBlockRows + 6 * kWindow;

/// `x` begins with the first window, of which there are `rows`: out[i] is of x[i .. i + 64). At most kBlockRows rows,
/// and `work` has kWorkSize doubles, where there is a `work`.
struct Kernels {
  /// The sum of weights[k] (x[i + k] - base[i]).
  void (*weigh)(const double* x, const double* base, std::size_t rows, const double* weights, std::size_t count,
                double* out);
  /// The sums of the squared coefficients of three levels.
  void (*energies)(const double* x, std::size_t rows, double* approx, double* d1, double* d2, double* d3, double* work);
  /// The median distance of the first level's details from their median.
  void (*median_deviation)(const double* x, std::size_t rows, double* out, double* work);
};

const Kernels& kernels(Isa isa);

extern const Kernels kKernels_v2, kKernels_v3, kKernels_v4;

}  // namespace moola::market::wavelet
