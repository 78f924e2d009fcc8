#pragma once
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_cholesky.h"
#include "sweep/samplers/gp/gp_points.h"

namespace moola::sweep {

/// Of a Matern 5/2 kernel: k(x, z) = scale (1 + r + r^2 / 3) e^-r with r^2 = 5 sum of weights (x - z)^2.
struct GpHyperparameters {
  std::vector<double> weights = {};  // 1 / length^2 by dimension
  double scale = 1;                  // variance of the function
  double noise = 1e-3;               // variance of what is observed around it
};

/// What is likely before anything is observed, where targets have a variance near 1: lengths, noise and scale are
/// log-normal. A median of the lengths that grows with the root of the dimension is that of Hvarfner, Hellsten and
/// Nardi (2024), Vanilla Bayesian optimization performs great in high dimensions.
struct GpPrior {
  double length_median = 1, length_spread = 1;  // the spread is that of the logarithm
  double noise_median = 1e-3, noise_spread = 1;
  double scale_median = 1, scale_spread = 1;
  double least_noise = 1e-6;  // added to the noise, so that no matrix is singular
};

/// The upper triangle (points, stride_of) of the covariances of points, without noise; and how each changes with the
/// squared distance, where `slopes` has a place for it.
std::vector<double> gp_covariances(const GpPoints& points, const GpHyperparameters& hyper,
                                   std::vector<double>* slopes = nullptr);

/// The constant that fits targets best: 1^T K^-1 y / 1^T K^-1 1.
double gp_mean(const GpCholesky& factor, std::span<const double> targets);

/// The logarithm of the density of `targets` times that of the hyperparameters' logarithms, but for a constant, and how
/// it changes with the logarithms of weights, scale and noise: `gradient` (dimensions + 2) in this order, not asked for
/// where it is empty. -infinity where the matrix can't be inverted. Cost O(n^3).
double gp_log_posterior(const GpPoints& points, std::span<const double> targets, const GpHyperparameters& hyper,
                        const GpPrior& prior, std::span<double> gradient);

struct GpFit {
  GpHyperparameters hyper;
  double log_posterior;
};

/// The hyperparameters of the largest posterior that quasi-Newton steps find from fixed starts: a function of points
/// and targets alone.
GpFit fit_gp(const GpPoints& points, std::span<const double> targets, const GpPrior& prior);

}  // namespace moola::sweep
