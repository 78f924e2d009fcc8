#include "sweep/samplers/gp/gp_posterior.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace moola::sweep {

GpPosterior::GpPosterior(const GpPoints& observed, std::span<const double> targets, GpHyperparameters hyper,
                         double least_noise, const GpPoints& pending)
    : hyper_(std::move(hyper)), points_(observed) {
  const std::size_t known = observed.size();
  const auto factor_of = [&](std::size_t size) {
    std::vector<double> covariances = gp_covariances(points_, hyper_);
    for (std::size_t i = 0; i < size; ++i)
      covariances[i * GpCholesky::stride_of(size) + i] += least_noise + (i < known ? hyper_.noise : 0.0);
    GpCholesky out(size, std::move(covariances));
    if (!out.positive()) throw std::runtime_error("the covariances of a Gaussian process are not positive definite");
    return out;
  };
  GpCholesky factor = factor_of(known);
  mean_ = gp_mean(factor, targets);
  std::vector<double> centred(targets.begin(), targets.end());
  for (double& each : centred) each -= mean_;
  alpha_ = factor.solve(centred);
  if (pending.size() > 0) {
    for (std::size_t i = 0; i < pending.size(); ++i) points_.add(pending[i]);
    alpha_.resize(points_.size(), 0.0);
    factor = factor_of(points_.size());
  }
  size_ = factor.size();
  stride_ = factor.stride();
  inverse_.assign(factor.inverse().begin(), factor.inverse().end());
  transposed_.assign(size_ * stride_, 0.0);
  for (std::size_t i = 0; i < size_; ++i)
    for (std::size_t j = 0; j <= i; ++j) transposed_[j * stride_ + i] = inverse_[i * stride_ + j];
}

void GpPosterior::predict(const GpPoints& points, std::size_t from, std::span<double> mean,
                          std::span<double> variance) const {
  constexpr std::size_t kAtOnce = 128;
  std::vector<double> covariances(size_ * kAtOnce), part(kAtOnce);
  for (std::size_t begin = 0; begin < mean.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, mean.size() - begin);
    const gp_kernel::Coordinates at = points.coordinates(from + begin, count);
    for (std::size_t i = 0; i < size_; ++i) {
      gp_loops().distances(covariances.data() + i * kAtOnce, at, points_[i].data(), hyper_.weights.data());
      gp_loops().matern(covariances.data() + i * kAtOnce, nullptr, count, hyper_.scale);
    }
    double* means = mean.data() + begin;
    double* variances = variance.data() + begin;
    std::fill_n(means, count, mean_);
    std::fill_n(variances, count, hyper_.scale);
    gp_loops().combine(means, count, covariances.data(), kAtOnce, alpha_.data(), size_, false);
    for (std::size_t i = 0; i < size_; ++i) {
      std::ranges::fill(part, 0.0);
      gp_loops().combine(part.data(), count, covariances.data(), kAtOnce, inverse_.data() + i * stride_, i + 1, false);
      gp_loops().subtract_squares(variances, part.data(), count);
    }
    for (std::size_t j = 0; j < count; ++j) variances[j] = std::max(variances[j], 0.0);
  }
}

GpPosterior::Prediction GpPosterior::predict(std::span<const double> point, std::span<double> mean_gradient,
                                             std::span<double> variance_gradient) const {
  const std::size_t dimensions = points_.dimensions();
  std::vector<double> covariances(size_), slopes(size_), half(size_, 0.0), by(size_, 0.0);
  gp_loops().distances(covariances.data(), points_.coordinates(0, size_), point.data(), hyper_.weights.data());
  gp_loops().matern(covariances.data(), slopes.data(), size_, hyper_.scale);
  Prediction out{.mean = mean_, .variance = hyper_.scale};
  out.mean += std::inner_product(covariances.begin(), covariances.end(), alpha_.begin(), 0.0);
  // L^-1 k by the columns, then K^-1 k by the rows.
  gp_loops().combine(half.data(), size_, transposed_.data(), stride_, covariances.data(), size_, false);
  gp_loops().combine(by.data(), size_, inverse_.data(), stride_, half.data(), size_, true);
  for (const double each : half) out.variance -= each * each;
  // The distance to point i changes with coordinate c by 2 weight_c (x_c - x_ic).
  const auto differentiate = [&](std::span<double> gradient, double sign, const std::vector<double>& factors) {
    std::vector<double> products(size_), sums(dimensions, 0.0);
    for (std::size_t i = 0; i < size_; ++i) products[i] = factors[i] * slopes[i];
    const double all = std::accumulate(products.begin(), products.end(), 0.0);
    gp_loops().combine(sums.data(), dimensions, points_.rows().data(), dimensions, products.data(), size_, false);
    for (std::size_t c = 0; c < dimensions; ++c)
      gradient[c] = points_.is_categorical(c) ? 0.0 : sign * 2 * hyper_.weights[c] * (point[c] * all - sums[c]);
  };
  differentiate(mean_gradient, 1, alpha_);
  differentiate(variance_gradient, -2, by);
  out.variance = std::max(out.variance, 0.0);
  return out;
}

}  // namespace moola::sweep
