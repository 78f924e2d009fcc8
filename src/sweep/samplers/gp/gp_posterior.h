#pragma once
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_fit.h"

namespace moola::sweep {

/// What a Gaussian process says of a function after observations.
class GpPosterior {
 public:
  /// `pending`: points whose targets are not known yet. They are taken for what the mean says, without noise: the mean
  /// stays what it is, and the variance vanishes around them (kriging believer).
  /// Throws std::runtime_error where the matrix can't be inverted. Cost O((n + pending)^3).
  GpPosterior(const GpPoints& observed, std::span<const double> targets, GpHyperparameters hyper, double least_noise,
              const GpPoints& pending);

  /// Mean and variance of the function, without noise, at as many points from number `from` on as there are places.
  /// Cost O((n + pending)^2) each.
  void predict(const GpPoints& points, std::size_t from, std::span<double> mean, std::span<double> variance) const;

  struct Prediction {
    double mean, variance;
  };
  /// The same of one point, and how both change with its coordinates (dimensions); not with categories.
  Prediction predict(std::span<const double> point, std::span<double> mean_gradient,
                     std::span<double> variance_gradient) const;

 private:
  GpHyperparameters hyper_;
  GpPoints points_;
  std::size_t size_, stride_;
  double mean_ = 0;
  std::vector<double> alpha_;       // K^-1 (targets - mean); 0 for what is pending
  std::vector<double> inverse_;     // L^-1 (size, stride)
  std::vector<double> transposed_;  // its columns (size, stride)
};

}  // namespace moola::sweep
