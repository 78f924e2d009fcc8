#include "sweep/samplers/gp/gp_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sweep/samplers/bounded_lbfgs.h"

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The logarithm of a log-normal density of the logarithm itself, but for a constant.
double log_density(double value, double median, double spread) {
  const double z = std::log(value / median) / spread;
  return -0.5 * z * z;
}

double log_density_slope(double value, double median, double spread) {
  return -std::log(value / median) / (spread * spread);
}

double length_of(double weight) {
  return 1 / std::sqrt(weight);
}

GpHyperparameters hyper_of(std::span<const double> logarithms) {
  GpHyperparameters out;
  const std::size_t dimensions = logarithms.size() - 2;
  for (std::size_t c = 0; c < dimensions; ++c) out.weights.push_back(std::exp(logarithms[c]));
  out.scale = std::exp(logarithms[dimensions]);
  out.noise = std::exp(logarithms[dimensions + 1]);
  return out;
}

}  // namespace

std::vector<double> gp_covariances(const GpPoints& points, const GpHyperparameters& hyper,
                                   std::vector<double>* slopes) {
  const std::size_t n = points.size(), stride = GpCholesky::stride_of(n);
  std::vector<double> out(n * stride, 0.0);
  if (slopes != nullptr) slopes->assign(n * stride, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t at = i * stride + i;
    gp_loops().distances(out.data() + at, points.coordinates(i, n - i), points[i].data(), hyper.weights.data());
    gp_loops().matern(out.data() + at, slopes != nullptr ? slopes->data() + at : nullptr, n - i, hyper.scale);
  }
  return out;
}

double gp_mean(const GpCholesky& factor, std::span<const double> targets) {
  const std::vector<double> by = factor.solve(std::vector<double>(targets.size(), 1.0));
  return std::inner_product(targets.begin(), targets.end(), by.begin(), 0.0) /
         std::accumulate(by.begin(), by.end(), 0.0);
}

double gp_log_posterior(const GpPoints& points, std::span<const double> targets, const GpHyperparameters& hyper,
                        const GpPrior& prior, std::span<double> gradient) {
  const std::size_t n = points.size(), dimensions = points.dimensions(), stride = GpCholesky::stride_of(n);
  std::vector<double> slopes;
  const std::vector<double> covariances = gp_covariances(points, hyper, gradient.empty() ? nullptr : &slopes);
  std::vector<double> noisy = covariances;
  for (std::size_t i = 0; i < n; ++i) noisy[i * stride + i] += hyper.noise + prior.least_noise;
  const GpCholesky factor(n, std::move(noisy));
  if (!factor.positive()) return -kInfinity;
  const double mean = gp_mean(factor, targets);
  std::vector<double> centred(targets.begin(), targets.end());
  for (double& each : centred) each -= mean;
  const std::vector<double> alpha = factor.solve(centred);

  double out = -0.5 * (std::inner_product(alpha.begin(), alpha.end(), centred.begin(), 0.0) + factor.log_determinant());
  for (const double weight : hyper.weights)
    out += log_density(length_of(weight), prior.length_median, prior.length_spread);
  out += log_density(hyper.scale, prior.scale_median, prior.scale_spread);
  out += log_density(hyper.noise, prior.noise_median, prior.noise_spread);
  if (gradient.empty()) return out;

  // Half of alpha alpha^T - K^-1, of which every pair counts twice, times what each covariance changes by. The mean is
  // where it fits best, so that it adds nothing.
  std::vector<double> sums(dimensions * stride, 0.0), row(n), factors(n);
  double by_scale = 0, by_noise = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t after = n - i, at = i * stride + i;
    factor.inverse_row(i, {row.data(), after});
    for (std::size_t j = 0; j < after; ++j) row[j] = alpha[i] * alpha[i + j] - row[j];
    row[0] *= 0.5;
    by_noise += row[0];
    by_scale += std::inner_product(row.data(), row.data() + after, covariances.data() + at, 0.0);
    for (std::size_t j = 0; j < after; ++j) factors[j] = row[j] * slopes[at + j];
    gp_loops().add_distances(sums.data(), stride, points.coordinates(i, after), points[i].data(), factors.data());
  }
  for (std::size_t c = 0; c < dimensions; ++c) {
    const double* of_points = sums.data() + c * stride;
    gradient[c] = hyper.weights[c] * std::accumulate(of_points, of_points + n, 0.0) -
                  0.5 * log_density_slope(length_of(hyper.weights[c]), prior.length_median, prior.length_spread);
  }
  gradient[dimensions] = by_scale + log_density_slope(hyper.scale, prior.scale_median, prior.scale_spread);
  gradient[dimensions + 1] =
      hyper.noise * by_noise + log_density_slope(hyper.noise, prior.noise_median, prior.noise_spread);
  return out;
}

GpFit fit_gp(const GpPoints& points, std::span<const double> targets, const GpPrior& prior) {
  const std::size_t dimensions = points.dimensions();
  const SmoothFunction objective = [&](std::span<const double> at, std::span<double> gradient) {
    const double out = -gp_log_posterior(points, targets, hyper_of(at), prior, gradient);
    for (double& each : gradient) each = -each;
    return out;
  };
  const double median = -2 * std::log(prior.length_median);
  std::vector<double> low(dimensions + 2, median - 12), high(dimensions + 2, median + 12);
  low[dimensions] = std::log(1e-4), high[dimensions] = std::log(1e4);
  low[dimensions + 1] = std::log(1e-8), high[dimensions + 1] = std::log(10.0);
  GpFit best{.hyper = {}, .log_posterior = -kInfinity};
  // Where functions are smooth, and where they are rough and noisy.
  const struct {
    double shorter, noise;
  } starts[] = {{.shorter = 1, .noise = prior.noise_median}, {.shorter = 3, .noise = 0.1}};
  for (const auto& each : starts) {
    std::vector<double> start(dimensions + 2, median + 2 * std::log(each.shorter));
    start[dimensions] = std::log(prior.scale_median);
    start[dimensions + 1] = std::log(each.noise);
    const BoundedMinimum found =
        minimize_in_box(objective, std::move(start), low, high,
                        {.iterations = 50, .gradient = 1e-3, .improvement = 1e-6, .first_step = 1});
    if (-found.value > best.log_posterior) best = {.hyper = hyper_of(found.x), .log_posterior = -found.value};
  }
  return best;
}

}  // namespace moola::sweep
