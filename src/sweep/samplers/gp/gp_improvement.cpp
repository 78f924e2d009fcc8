#include "sweep/samplers/gp/gp_improvement.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moola::sweep {
namespace {

// Less than that is rounding.
constexpr double kLeastVariance = 1e-14;

const double kLogRootTwoPi = 0.5 * std::log(2 * std::numbers::pi);

// 1 / (t + 2 / (t + 3 / (t + ...))), t >= 2: what Laplace's continued fraction of Mills' ratio 1 / (t + K) has as K.
double laplace_tail(double t) {
  const int terms = 16 + static_cast<int>(400 / (t * t));
  double out = 0;
  for (int k = terms; k >= 1; --k) out = k / (t + out);
  return out;
}

}  // namespace

LogImprovement log_improvement(double z) {
  if (z < -2) {
    // With t = -z the improvement is phi(t) (1 - t M(t)) = phi(t) K / (t + K), where nothing cancels.
    const double t = -z, tail = laplace_tail(t);
    return {.value = -0.5 * t * t - kLogRootTwoPi + std::log(tail / (t + tail)), .slope = 1 / tail};
  }
  const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  const double improvement = std::exp(-0.5 * z * z - kLogRootTwoPi) + z * below;
  return {.value = std::log(improvement), .slope = below / improvement};
}

GpImprovement gp_improvement(double best, double mean, double variance) {
  const double used = std::max(variance, kLeastVariance), deviation = std::sqrt(used), z = (best - mean) / deviation;
  const LogImprovement unit = log_improvement(z);
  return {.value = std::log(deviation) + unit.value,
          .by_mean = -unit.slope / deviation,
          .by_variance = variance > kLeastVariance ? (1 - unit.slope * z) / (2 * used) : 0.0};
}

}  // namespace moola::sweep
