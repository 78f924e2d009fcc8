#pragma once

namespace moola::sweep {

/// log(phi(z) + z Phi(z)) and its derivative: the expected improvement of a normal variable with variance 1 whose mean
/// lies z below what is to be improved. To 1e-12 of its size from z = -1e100 on, where the improvement itself has long
/// been zero. After Ament et al. (2023), Unexpected improvements to expected improvement for Bayesian optimization.
struct LogImprovement {
  double value, slope;
};
LogImprovement log_improvement(double z);

/// The logarithm of the expected improvement on `best` of a normal variable, and how it changes with mean and variance.
struct GpImprovement {
  double value, by_mean, by_variance;
};
GpImprovement gp_improvement(double best, double mean, double variance);

}  // namespace moola::sweep
