#include "validation/normal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "market/checks/tail_probabilities.h"
#include "market/portable_exp.h"
#include "market/portable_log.h"

namespace moola::validation {
namespace {

// Of a chance below a half: a first guess to 5e-4 (Hastings 1955, 26.2.23 of Abramowitz and Stegun).
double guess(double chance) {
  const double t = std::sqrt(-2 * market::portable_log(chance));
  return -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
}

}  // namespace

double normal_quantile(double chance) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!(chance >= 0 && chance <= 1)) return std::numeric_limits<double>::quiet_NaN();
  if (chance == 0) return -kInfinity;
  if (chance == 1) return kInfinity;
  if (chance > 0.5) return -normal_quantile(1 - chance);
  double x = guess(chance);
  // Halley's steps: each makes three times as many digits right.
  for (int step = 0; step < 3; ++step) {
    const double off = market::normal_cdf(x) - chance;
    const double u = off * std::sqrt(2 * std::numbers::pi) * market::portable_exp(std::min(x * x / 2, 708.0));
    x -= u / (1 + x * u / 2);
  }
  return x;
}

}  // namespace moola::validation
