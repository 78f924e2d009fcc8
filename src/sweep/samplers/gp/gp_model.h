#pragma once
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_fit.h"
#include "sweep/samplers/gp/gp_targets.h"

namespace moola::sweep {

/// How losses over a space of so many dimensions are likely to look.
GpPrior gp_prior(std::size_t dimensions);

/// What was learnt of how losses vary.
struct GpModel {
  double bend = 0;  // of gp_targets
  GpHyperparameters hyper = {};
};

/// The bend and the hyperparameters under which the losses of these points are most likely: a function of both alone.
/// Cost O(n^3), about 100 times.
GpModel learn_gp(const GpPoints& points, std::span<const double> losses);

}  // namespace moola::sweep
