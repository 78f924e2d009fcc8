#include "sweep/samplers/cma/evolution_strategy.h"

// As in models/classifiers/ridge.cpp.
#define EIGEN_DONT_PARALLELIZE

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace moola::sweep {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

// Names of the tutorial's.
struct Rates {
  Vector weights;  // of the population, best first: positive, then negative
  Index mu = 0;
  double mu_eff = 0, c_1 = 0, c_mu = 0, c_c = 0, c_sigma = 0, d_sigma = 0, chi = 0;
};

double effective(const Vector& weights) {
  return weights.size() == 0 ? 0 : weights.sum() * weights.sum() / weights.squaredNorm();
}

Rates rates_of(double n, std::size_t population) {
  const auto lambda = static_cast<Index>(population);
  Rates out;
  out.weights.resize(lambda);
  for (Index i = 0; i < lambda; ++i)
    out.weights[i] = std::log((static_cast<double>(lambda) + 1) / 2) - std::log(static_cast<double>(i + 1));
  out.mu = lambda / 2;
  Vector rest = out.weights.tail(lambda - out.mu);
  out.mu_eff = effective(out.weights.head(out.mu));
  const double mu_eff_minus = rest.squaredNorm() == 0 ? 0 : effective(rest);
  out.c_1 = 2 / ((n + 1.3) * (n + 1.3) + out.mu_eff);
  out.c_mu = std::min(1 - out.c_1 - 1e-8, 2 * (out.mu_eff - 2 + 1 / out.mu_eff) / ((n + 2) * (n + 2) + out.mu_eff));
  const double alpha = std::min(
      {1 + out.c_1 / out.c_mu, 1 + 2 * mu_eff_minus / (out.mu_eff + 2), (1 - out.c_1 - out.c_mu) / (n * out.c_mu)});
  out.weights.head(out.mu) /= out.weights.head(out.mu).sum();
  const double negative = rest.cwiseMin(0).sum();
  for (Index i = out.mu; i < lambda; ++i)
    out.weights[i] = negative == 0 ? 0 : std::min(out.weights[i], 0.0) * alpha / -negative;
  out.c_sigma = (out.mu_eff + 2) / (n + out.mu_eff + 5);
  out.d_sigma = 1 + 2 * std::max(0.0, std::sqrt((out.mu_eff - 1) / (n + 1)) - 1) + out.c_sigma;
  out.c_c = (4 + out.mu_eff / n) / (n + 4 + 2 * out.mu_eff / n);
  out.chi = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  return out;
}

}  // namespace

struct EvolutionStrategy::State {
  Rates rates;
  Vector mean, path_c, path_sigma;
  double sigma = 0, first_sigma = 0;
  Matrix covariance, axes;  // axes: eigenvectors by columns
  Vector lengths;           // along them: roots of the eigenvalues
  std::size_t generation = 0, decomposed = 0;

  // Steps against the shape: of a draw, as long as its z.
  Vector whitened(const Vector& step) const { return axes * (axes.transpose() * step).cwiseQuotient(lengths); }

  void decompose() {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
    if (solver.info() != Eigen::Success) {
      lengths.fill(std::numeric_limits<double>::quiet_NaN());
      return;
    }
    axes = solver.eigenvectors();
    // Rounding may leave an axis of no length, and worse.
    lengths = solver.eigenvalues().cwiseMax(1e-16).cwiseSqrt();
    decomposed = generation;
  }

  // Decomposing at the rate at which the covariance changes costs less and loses nothing.
  std::size_t generations_between_decompositions() const {
    const double n = static_cast<double>(mean.size());
    return static_cast<std::size_t>(std::max(1.0, std::floor(1 / (10 * n * (rates.c_1 + rates.c_mu)))));
  }
};

EvolutionStrategy::EvolutionStrategy(std::vector<double> mean, double sigma, std::size_t population)
    : state_(std::make_unique<State>()) {
  if (mean.empty() || population < 2 || !(sigma > 0))
    throw std::invalid_argument("an evolution strategy needs a coordinate, two offspring and a sigma above 0");
  const auto n = static_cast<Index>(mean.size());
  state_->rates = rates_of(static_cast<double>(n), population);
  state_->mean = Eigen::Map<const Vector>(mean.data(), n);
  state_->path_c = state_->path_sigma = Vector::Zero(n);
  state_->sigma = state_->first_sigma = sigma;
  state_->covariance = state_->axes = Matrix::Identity(n, n);
  state_->lengths = Vector::Ones(n);
}

EvolutionStrategy::~EvolutionStrategy() = default;
EvolutionStrategy::EvolutionStrategy(EvolutionStrategy&&) noexcept = default;
EvolutionStrategy& EvolutionStrategy::operator=(EvolutionStrategy&&) noexcept = default;

std::size_t EvolutionStrategy::usual_population(std::size_t dimensions) {
  return 4 + static_cast<std::size_t>(3 * std::log(static_cast<double>(dimensions)));
}

std::size_t EvolutionStrategy::dimensions() const {
  return static_cast<std::size_t>(state_->mean.size());
}

std::size_t EvolutionStrategy::population() const {
  return static_cast<std::size_t>(state_->rates.weights.size());
}

std::span<const double> EvolutionStrategy::recombination() const {
  return {state_->rates.weights.data(), static_cast<std::size_t>(state_->rates.mu)};
}

SearchNormal EvolutionStrategy::normal() const {
  const State& s = *state_;
  const auto n = static_cast<std::size_t>(s.mean.size());
  SearchNormal out{.mean = {s.mean.begin(), s.mean.end()},
                   .sigma = s.sigma,
                   .shape = std::vector<double>(n * n),
                   .deviation = std::vector<double>(n)};
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      out.shape.data(), s.mean.size(), s.mean.size()) = s.axes * s.lengths.asDiagonal();
  for (std::size_t i = 0; i < n; ++i)
    out.deviation[i] = s.sigma * std::sqrt(s.covariance(static_cast<Index>(i), static_cast<Index>(i)));
  return out;
}

void EvolutionStrategy::learn(std::span<const Offspring> ranked) {
  if (ranked.size() != population())
    throw std::invalid_argument("a generation has as many offspring as the population");
  State& s = *state_;
  const Rates& r = s.rates;
  const Index n = s.mean.size();
  const auto dimensions = static_cast<double>(n);
  Matrix steps(n, static_cast<Index>(ranked.size()));
  Vector squares(steps.cols());  // of the whitened steps' lengths
  const double furthest = std::sqrt(dimensions) + 2 * dimensions / (dimensions + 2);
  for (Index k = 0; k < steps.cols(); ++k) {
    const Offspring& each = ranked[static_cast<std::size_t>(k)];
    steps.col(k) = (Eigen::Map<const Vector>(each.x.data(), n) - s.mean) / s.sigma;
    const double length = s.whitened(steps.col(k)).norm();
    const double pull = each.current ? 1 : std::min(1.0, furthest / length);
    steps.col(k) *= pull;
    squares[k] = length * length * pull * pull;
  }

  const Vector step = steps.leftCols(r.mu) * r.weights.head(r.mu);
  s.mean += s.sigma * step;
  ++s.generation;
  s.path_sigma = (1 - r.c_sigma) * s.path_sigma + std::sqrt(r.c_sigma * (2 - r.c_sigma) * r.mu_eff) * s.whitened(step);
  const double length = s.path_sigma.norm();
  const double full = std::sqrt(1 - std::pow(1 - r.c_sigma, 2 * static_cast<double>(s.generation)));
  const bool long_path = length / full >= (1.4 + 2 / (dimensions + 1)) * r.chi;
  s.sigma = std::min(s.sigma * std::exp(std::min(1.0, r.c_sigma / r.d_sigma * (length / r.chi - 1))), 1e32);
  s.path_c *= 1 - r.c_c;
  if (!long_path) s.path_c += std::sqrt(r.c_c * (2 - r.c_c) * r.mu_eff) * step;

  Vector weights = r.weights;
  for (Index k = r.mu; k < weights.size(); ++k) weights[k] *= dimensions / (squares[k] + 1e-8);
  const double missing = long_path ? r.c_1 * r.c_c * (2 - r.c_c) : 0;
  s.covariance *= 1 + missing - r.c_1 - r.c_mu * r.weights.sum();
  s.covariance += r.c_1 * s.path_c * s.path_c.transpose();
  s.covariance += r.c_mu * steps * weights.asDiagonal() * steps.transpose();
  s.covariance = (0.5 * (s.covariance + s.covariance.transpose())).eval();
  if (s.generation - s.decomposed >= s.generations_between_decompositions()) s.decompose();
}

void EvolutionStrategy::move_mean(std::size_t coordinate, double to) {
  state_->mean[static_cast<Index>(coordinate)] = to;
}

bool EvolutionStrategy::is_spent() const {
  const State& s = *state_;
  if (!s.mean.allFinite() || !s.lengths.allFinite() || !std::isfinite(s.sigma)) return true;
  const double small = 1e-12 * s.first_sigma;
  const bool is_point = s.sigma * std::sqrt(s.covariance.diagonal().maxCoeff()) < small &&
                        s.sigma * s.path_c.cwiseAbs().maxCoeff() < small;
  return is_point || s.sigma > 1e4 * s.first_sigma || s.lengths.maxCoeff() > 1e7 * s.lengths.minCoeff();
}

}  // namespace moola::sweep
