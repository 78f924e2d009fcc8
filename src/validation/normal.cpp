#include "validation/normal.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace moola::validation {
namespace {

// Of a share below a half: a first guess to 5e-4 (Hastings 1955, 26.2.23 of Abramowitz and Stegun).
double guess(double share) {
  const double t = std::sqrt(-2 * std::log(share));
  return -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
}

}  // namespace

double normal_share(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normal_quantile(double share) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!(share >= 0 && share <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (share == 0) return -kInfinity;
  if (share == 1) return kInfinity;
  if (share > 0.5) return -normal_quantile(1 - share);
  double x = guess(share);
  // Halley's steps: each makes three times as many digits right.
  for (int step = 0; step < 3; ++step) {
    const double off = normal_share(x) - share;
    const double u = off * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
    x -= u / (1 + x * u / 2);
  }
  return x;
}

}  // namespace moola::validation
