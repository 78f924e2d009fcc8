#include "sweep/samplers/gp/gp_model.h"

#include <cmath>
#include <limits>

namespace moola::sweep {
namespace {

constexpr double kBends[] = {0, 1, 10};

}  // namespace

GpPrior gp_prior(std::size_t dimensions) {
  return {.length_median = std::sqrt(static_cast<double>(dimensions)),
          .length_spread = 1,
          .noise_median = 1e-4,
          .noise_spread = 1,
          .scale_median = 1,
          .scale_spread = 1,
          .least_noise = 1e-6};
}

GpModel learn_gp(const GpPoints& points, std::span<const double> losses) {
  const GpPrior prior = gp_prior(points.dimensions());
  GpModel out;
  double best = -std::numeric_limits<double>::infinity();
  for (const double bend : kBends) {
    const GpTargets targets = gp_targets(losses, bend);
    GpFit fit = fit_gp(points, targets.values, prior);
    const double score = fit.log_posterior + targets.log_slopes;
    if (!(score > best)) continue;
    best = score;
    out = {.bend = bend, .hyper = std::move(fit.hyper)};
  }
  return out;
}

}  // namespace moola::sweep
