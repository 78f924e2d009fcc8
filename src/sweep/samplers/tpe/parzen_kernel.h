#pragma once
// The hot loops of Parzen estimators, compiled for each instruction set by parzen_kernel_v*.cpp. Every number is a lane
// of IEEE operations, and sums are taken over eight lanes in one order, so the sets agree bit for bit.
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace moola::sweep::parzen_kernel {

/// Arrays over the components of a mixture have a multiple of this many entries; those behind the last have weight 0.
constexpr std::size_t kBlock = 8;

inline std::size_t padded(std::size_t components) {
  return (components + kBlock - 1) / kBlock * kBlock;
}

/// Products of densities, one product per component. The prior is the last of them.
struct Mixture {
  std::size_t components = 0;                  // without padding
  std::size_t continuous = 0, tabulated = 0;   // dimensions
  const double* const* centres = nullptr;      // of each continuous dimension
  const double* const* scales = nullptr;       // sqrt(1/2) over the standard deviation
  const std::uint32_t* const* rows = nullptr;  // of each tabulated dimension: where in its tables a component looks
  const double* constants = nullptr;           // logarithm of the product of the continuous densities at their centres
  const double* weights = nullptr;             // above 0
  double peak = 0;                             // the largest constant
};

struct Candidates {
  std::size_t count = 0;                  // a multiple of kTile
  const double* values = nullptr;         // [continuous][count]
  const double* const* tables = nullptr;  // [tabulated][count]: logarithms of densities, none above 0
};
constexpr std::size_t kTile = 8;

/// Normal variables cut to the interval that they are standardised by: middle and half width of it, per component.
struct Interval {
  double middle = 0, half = 0;
};

struct Kernel {
  /// log(sum of weight * density) of each candidate; with dimensions of any number it neither overflows nor is less
  /// than what the prior alone gives.
  void (*log_densities)(const Mixture& mixture, const Candidates& candidates, double* out);
  /// log(P(|z - middle| < half)) of a standard normal z, of n intervals, also far in the tails and for narrow ones.
  void (*log_masses)(const double* middles, const double* halves, std::size_t n, double* out);
  /// Of n normal densities cut to one interval: what they are divided by, sqrt(2 pi) * deviation * mass, as logarithm;
  /// and sqrt(1/2) / deviation.
  void (*normalisers)(const double* centres, const double* deviations, std::size_t n, Interval interval, double* out,
                      double* scales);
  /// n draws from normal variables cut to one interval around the centres, one for each uniform number in [0, 1).
  void (*draw)(const double* centres, const double* deviations, const double* uniforms, std::size_t n,
               Interval interval, double* out);
  /// Natural logarithms of finite positive numbers; powers of e.
  void (*logarithms)(const double* values, std::size_t n, double* out);
  void (*exponentials)(const double* values, std::size_t n, double* out);
};

const Kernel& kernel(Isa isa);

extern const Kernel kernel_v2, kernel_v3, kernel_v4;

}  // namespace moola::sweep::parzen_kernel
