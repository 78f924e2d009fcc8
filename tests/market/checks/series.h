#pragma once
// Series of exact numbers that other programs can make too, for expected values that scipy and statsmodels gave. In
// Python:
//   noise = lambda n, m=7919: ((np.arange(n) * m) % 1009 - 504) / 64.0
//   walk = lambda n, m=7919: np.cumsum(noise(n, m))
#include <cmath>
#include <cstddef>
#include <vector>

namespace moola::test {

inline std::vector<double> noise(std::size_t count, std::size_t multiplier = 7919) {
  std::vector<double> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = (static_cast<double>(i * multiplier % 1009) - 504.0) / 64.0;
  return out;
}

inline std::vector<double> walk(std::size_t count, std::size_t multiplier = 7919) {
  std::vector<double> out = noise(count, multiplier);
  for (std::size_t i = 1; i < count; ++i) out[i] += out[i - 1];
  return out;
}

/// Whether `got` is `want` but for `tolerance` of max(1, |want|).
inline bool close_to(double got, double want, double tolerance = 1e-12) {
  return std::fabs(got - want) <= tolerance * std::fmax(1.0, std::fabs(want));
}

}  // namespace moola::test
