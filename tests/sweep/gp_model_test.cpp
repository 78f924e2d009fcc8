#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "base/keyed_random.h"
#include "sweep/samplers/bounded_lbfgs.h"
#include "sweep/samplers/gp/gp_improvement.h"
#include "sweep/samplers/gp/gp_model.h"
#include "sweep/samplers/gp/gp_posterior.h"

using namespace moola;
using namespace moola::sweep;
using boost::test_tools::tolerance;

namespace {

using Matrix = std::vector<std::vector<double>>;

const double kInfinity = std::numeric_limits<double>::infinity();

// Three coordinates and a category of four.
GpPoints mixed_points(std::size_t count, std::uint64_t seed) {
  GpPoints out(std::vector<std::uint8_t>{0, 0, 1, 0});
  KeyedRandom random(seed, Stream::sampler, 0, 0);
  for (std::size_t i = 0; i < count; ++i) {
    out.add(std::vector<double>{random.uniform_double(), random.uniform_double(), static_cast<double>(random.below(4)),
                                random.uniform_double()});
  }
  return out;
}

std::vector<double> wavy(const GpPoints& points) {
  std::vector<double> out;
  for (std::size_t i = 0; i < points.size(); ++i)
    out.push_back(std::sin(5 * points[i][0]) + points[i][1] * points[i][3] + 0.3 * points[i][2]);
  return out;
}

const GpHyperparameters kHyper{.weights = {4, 0.3, 0.7, 25}, .scale = 1.7, .noise = 0.02};

double covariance(const GpPoints& points, std::span<const double> a, std::span<const double> b,
                  const GpHyperparameters& hyper) {
  double squares = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    const double apart = points.is_categorical(c) ? (a[c] == b[c] ? 0 : 1) : a[c] - b[c];
    squares += hyper.weights[c] * apart * apart;
  }
  const double r = std::sqrt(5 * squares);
  return hyper.scale * (1 + r + r * r / 3) * std::exp(-r);
}

// The solution of a x = b, and the logarithm of a's determinant, by elimination with pivots.
struct Solution {
  std::vector<double> x;
  double log_determinant;
};
Solution eliminated(Matrix a, std::vector<double> b) {
  const std::size_t n = b.size();
  double log_determinant = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i)
      if (std::fabs(a[i][k]) > std::fabs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    log_determinant += std::log(std::fabs(a[k][k]));
    for (std::size_t i = k + 1; i < n; ++i) {
      const double by = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= by * a[k][j];
      b[i] -= by * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return {b, log_determinant};
}

Matrix covariances(const GpPoints& points, const GpHyperparameters& hyper, double noise) {
  Matrix out(points.size(), std::vector<double>(points.size()));
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < points.size(); ++j) out[i][j] = covariance(points, points[i], points[j], hyper);
    out[i][i] += noise;
  }
  return out;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> centred(const Matrix& k, std::vector<double> targets, double* mean) {
  const std::vector<double> ones(targets.size(), 1.0), by = eliminated(k, ones).x;
  *mean = dot(by, targets) / dot(by, ones);
  for (double& each : targets) each -= *mean;
  return targets;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gaussian_processes)

BOOST_AUTO_TEST_CASE(the_logarithm_of_an_improvement_is_exact_over_its_whole_range) {
  // z, log(phi(z) + z Phi(z)) and its derivative, by mpmath with 60 digits.
  const double expected[][3] = {
      {8, 2.0794415416798359, 0.12499999999999992},         {3, 1.0987396653277078, 0.33284096845179524},
      {1, 0.08002621884930694, 0.77663872520173926},        {0.3, -0.5678171536779369, 1.0902499611311893},
      {0, -0.91893853320467274, 1.2533141373155003},        {-0.5, -1.6205162643873199, 1.5598731483480797},
      {-1, -2.4851210257126413, 1.9042712333296918},        {-1.9, -4.5049311616216667, 2.5977607815393075},
      {-1.999999, -4.7687808445006406, 2.6794160635145541}, {-2.000001, -4.7687862033344087, 2.6794177043966944},
      {-2.5, -6.2125416454435129, 3.0984232967911619},      {-5, -16.74430116266099, 5.3618162412880885},
      {-12, -77.909100545007348, 12.16335257158574},        {-37, -692.64296016327041, 37.053936202404203},
      {-100, -5010.1295788002498, 100.01999400419587},      {-1e4, -50000019.339619307, 10000.000199999994},
      {-1e8, -5000000000000037.8, 100000000.00000002}};
  for (const auto& [z, value, slope] : expected) {
    const LogImprovement found = log_improvement(z);
    BOOST_TEST(found.value == value, tolerance(1e-12));
    BOOST_TEST(found.slope == slope, tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(an_improvement_is_the_mean_of_what_lies_below_the_best) {
  for (const auto& [best, mean, variance] : {std::tuple{0.3, 0.1, 0.5}, std::tuple{-1.0, 0.7, 0.25}}) {
    double sum = 0;
    constexpr int kSteps = 200'000;
    const double deviation = std::sqrt(variance), low = mean - 12 * deviation, width = (best - low) / kSteps;
    for (int i = 0; i < kSteps; ++i) {
      const double x = low + (i + 0.5) * width, z = (x - mean) / deviation;
      sum += (best - x) * std::exp(-0.5 * z * z) / (deviation * std::sqrt(2 * M_PI)) * width;
    }
    const GpImprovement found = gp_improvement(best, mean, variance);
    BOOST_TEST(found.value == std::log(sum), tolerance(1e-8));
    constexpr double kStep = 1e-6;
    BOOST_TEST(found.by_mean == (gp_improvement(best, mean + kStep, variance).value -
                                 gp_improvement(best, mean - kStep, variance).value) /
                                    (2 * kStep),
               tolerance(1e-7));
    BOOST_TEST(found.by_variance == (gp_improvement(best, mean, variance + kStep).value -
                                     gp_improvement(best, mean, variance - kStep).value) /
                                        (2 * kStep),
               tolerance(1e-7));
  }
}

BOOST_AUTO_TEST_CASE(all_instruction_sets_give_the_same_bits) {
  const GpPoints points = mixed_points(77, 5);
  std::vector<std::vector<double>> found;
  for (const Isa set : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!supported(set)) continue;
    const gp_kernel::Kernel& loops = gp_kernel::kernel(set);
    std::vector<double> distances(77), slopes(77), sums(4 * 80, 0.0), combined(61, 0.5), rest(77, 2.0);
    loops.distances(distances.data(), points.coordinates(0, 77), points[3].data(), kHyper.weights.data());
    loops.add_distances(sums.data(), 80, points.coordinates(0, 77), points[9].data(), distances.data());
    loops.combine(combined.data(), 61, distances.data(), 1, sums.data(), 17, false);
    loops.matern(distances.data(), slopes.data(), 77, 1.3);
    loops.subtract_squares(rest.data(), distances.data(), 77);
    std::vector<double>& all = found.emplace_back();
    for (const auto* each : {&distances, &slopes, &sums, &combined, &rest})
      all.insert(all.end(), each->begin(), each->end());
    BOOST_TEST((all == found.front()));
  }
}

BOOST_AUTO_TEST_CASE(the_kernel_falls_as_its_formula_says) {
  std::vector<double> q, values, slopes;
  for (double x = 0; x < 400; x += x < 2 ? 0.01 : 1.7) q.push_back(x * x);
  q.push_back(1e9);
  values = q;
  slopes.resize(q.size());
  gp_loops().matern(values.data(), slopes.data(), q.size(), 2.5);
  for (std::size_t i = 0; i < q.size(); ++i) {
    const double r = std::sqrt(5 * q[i]);
    BOOST_TEST(values[i] == (r < 690 ? 2.5 * (1 + r + r * r / 3) * std::exp(-r) : values[i]), tolerance(1e-13));
    BOOST_TEST(slopes[i] == (r < 690 ? -2.5 * 5 / 6 * (1 + r) * std::exp(-r) : slopes[i]), tolerance(1e-13));
    BOOST_TEST((r < 690 || (values[i] >= 0 && values[i] < 1e-280)));
  }
}

BOOST_AUTO_TEST_CASE(the_posterior_of_hyperparameters_is_that_of_dense_algebra) {
  const GpPoints points = mixed_points(23, 1);
  const std::vector<double> targets = wavy(points);
  const GpPrior prior{.length_median = 1.5,
                      .length_spread = 0.8,
                      .noise_median = 0.01,
                      .noise_spread = 2,
                      .scale_median = 1.2,
                      .scale_spread = 0.7,
                      .least_noise = 1e-5};
  const Matrix k = covariances(points, kHyper, kHyper.noise + prior.least_noise);
  double mean = 0;
  const std::vector<double> off = centred(k, targets, &mean);
  const Solution solution = eliminated(k, off);
  double expected = -0.5 * (dot(solution.x, off) + solution.log_determinant);
  const auto normal = [](double value, double median, double spread) {
    return -0.5 * std::pow(std::log(value / median) / spread, 2);
  };
  for (const double weight : kHyper.weights) expected += normal(1 / std::sqrt(weight), 1.5, 0.8);
  expected += normal(kHyper.noise, 0.01, 2) + normal(kHyper.scale, 1.2, 0.7);
  BOOST_TEST(gp_log_posterior(points, targets, kHyper, prior, {}) == expected, tolerance(1e-10));
}

BOOST_AUTO_TEST_CASE(its_gradient_is_that_of_finite_differences) {
  const GpPoints points = mixed_points(31, 2);
  const std::vector<double> targets = wavy(points);
  const GpPrior prior = gp_prior(4);
  std::vector<double> gradient(6), unused(6);
  gp_log_posterior(points, targets, kHyper, prior, gradient);
  for (std::size_t at = 0; at < 6; ++at) {
    const auto moved = [&](double by) {
      GpHyperparameters hyper = kHyper;
      double& value = at < 4 ? hyper.weights[at] : at == 4 ? hyper.scale : hyper.noise;
      value *= std::exp(by);
      return gp_log_posterior(points, targets, hyper, prior, {});
    };
    constexpr double kStep = 1e-5;
    BOOST_TEST(gradient[at] == (moved(kStep) - moved(-kStep)) / (2 * kStep), tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(what_is_expected_of_points_is_that_of_dense_algebra) {
  const GpPoints points = mixed_points(40, 3), pending = mixed_points(5, 4), asked = mixed_points(150, 5);
  const std::vector<double> targets = wavy(points);
  constexpr double kLeast = 1e-6;
  const GpPosterior posterior(points, targets, kHyper, kLeast, pending);
  std::vector<double> means(asked.size()), variances(asked.size());
  posterior.predict(asked, 0, means, variances);

  double mean = 0;
  const Matrix known = covariances(points, kHyper, kHyper.noise + kLeast);
  const std::vector<double> alpha = eliminated(known, centred(known, targets, &mean)).x;
  GpPoints both = points;
  for (std::size_t i = 0; i < pending.size(); ++i) both.add(pending[i]);
  Matrix all = covariances(both, kHyper, kLeast);
  for (std::size_t i = 0; i < points.size(); ++i) all[i][i] += kHyper.noise;
  for (std::size_t j = 0; j < asked.size(); ++j) {
    std::vector<double> of_known, of_both;
    for (std::size_t i = 0; i < both.size(); ++i) of_both.push_back(covariance(points, both[i], asked[j], kHyper));
    of_known.assign(of_both.begin(), of_both.begin() + 40);
    BOOST_TEST(means[j] == mean + dot(of_known, alpha), tolerance(1e-9));
    BOOST_TEST(variances[j] == kHyper.scale - dot(of_both, eliminated(all, of_both).x), tolerance(1e-7));
    std::vector<double> by_mean(4), by_variance(4);
    const auto [one_mean, one_variance] = posterior.predict(asked[j], by_mean, by_variance);
    BOOST_TEST(one_mean == means[j], tolerance(1e-11));
    BOOST_TEST(one_variance == variances[j], tolerance(1e-8));
  }
}

BOOST_AUTO_TEST_CASE(what_is_expected_changes_with_coordinates_as_finite_differences_say) {
  const GpPoints points = mixed_points(40, 3);
  const GpPosterior posterior(points, wavy(points), kHyper, 1e-6, mixed_points(2, 4));
  std::vector<double> by_mean(4), by_variance(4), unused(4);
  const std::vector<double> at{0.31, 0.62, 2, 0.87};
  posterior.predict(at, by_mean, by_variance);
  for (const std::size_t c : {0U, 1U, 3U}) {
    constexpr double kStep = 1e-5;
    std::vector<double> up = at, down = at;
    up[c] += kStep;
    down[c] -= kStep;
    const auto above = posterior.predict(up, unused, unused), below = posterior.predict(down, unused, unused);
    BOOST_TEST(by_mean[c] == (above.mean - below.mean) / (2 * kStep), tolerance(1e-6));
    BOOST_TEST(by_variance[c] == (above.variance - below.variance) / (2 * kStep), tolerance(1e-5));
  }
  BOOST_TEST(by_mean[2] == 0);
  BOOST_TEST(by_variance[2] == 0);
}

BOOST_AUTO_TEST_CASE(pending_points_take_the_variance_away_and_leave_the_mean) {
  const GpPoints points = mixed_points(20, 6), pending = mixed_points(3, 7);
  const std::vector<double> targets = wavy(points);
  const GpPosterior before(points, targets, kHyper, 1e-6, GpPoints({0, 0, 1, 0})),
      after(points, targets, kHyper, 1e-6, pending);
  std::vector<double> mean(3), variance(3), later_mean(3), later_variance(3);
  before.predict(pending, 0, mean, variance);
  after.predict(pending, 0, later_mean, later_variance);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(mean[i] == later_mean[i], tolerance(1e-12));
    BOOST_TEST(later_variance[i] < 2e-6);
    BOOST_TEST(variance[i] > 1e-3);
  }
}

BOOST_AUTO_TEST_CASE(what_is_learnt_is_more_likely_than_what_is_near) {
  const GpPoints points = mixed_points(60, 8);
  const std::vector<double> targets = gp_targets(wavy(points), 0).values;
  const GpPrior prior = gp_prior(4);
  const GpFit fit = fit_gp(points, targets, prior);
  BOOST_TEST(fit.log_posterior == gp_log_posterior(points, targets, fit.hyper, prior, {}), tolerance(1e-9));
  KeyedRandom random(1, Stream::sampler, 0, 0);
  for (int i = 0; i < 200; ++i) {
    GpHyperparameters near = fit.hyper;
    for (double& each : near.weights) each *= std::exp(0.5 * random.normal());
    near.scale *= std::exp(0.5 * random.normal());
    BOOST_TEST(gp_log_posterior(points, targets, near, prior, {}) < fit.log_posterior + 0.01);
  }
  // The third coordinate is what moves the losses least.
  BOOST_TEST(fit.hyper.weights[0] > fit.hyper.weights[1]);
}

BOOST_AUTO_TEST_CASE(bent_losses_keep_their_order_and_their_densities_add_up) {
  const std::vector<double> losses{3, 1e9, -2, 0.5, 7, 0.25, kInfinity, -kInfinity};
  for (const double bend : {0.0, 1.0, 10.0}) {
    const GpTargets targets = gp_targets(losses, bend);
    double sum = 0, squares = 0;
    for (const double each : targets.values) {
      sum += each;
      squares += each * each;
    }
    BOOST_TEST(std::fabs(sum) < 1e-12);
    BOOST_TEST(squares == 8, tolerance(1e-12));
    BOOST_TEST(targets.values[6] == targets.values[1]);
    BOOST_TEST(targets.values[7] == targets.values[2]);
    for (const auto& [less, more] : {std::pair{2, 5}, std::pair{5, 3}, std::pair{3, 0}, std::pair{0, 4}})
      BOOST_TEST(targets.values[static_cast<std::size_t>(less)] < targets.values[static_cast<std::size_t>(more)]);
  }
}

BOOST_AUTO_TEST_CASE(outliers_among_the_worst_quarter_count_as_the_worst_of_the_others) {
  const std::vector<double> losses{1, 2, 3, 4, 5, 6, 1e30, 1e9};
  std::vector<double> others{1, 2, 3, 4, 5, 6, 6, 6};
  BOOST_TEST((gp_targets(losses, 1).values == gp_targets(others, 1).values));
  // Nothing is an outlier without a gap.
  const std::vector<double> wide{1, 2, 10, 100, 1e3, 1e5, 1e7, 1e9};
  BOOST_TEST(gp_targets(wide, 1).values[7] > gp_targets(wide, 1).values[6]);
}

BOOST_AUTO_TEST_CASE(the_slopes_of_bent_losses_are_those_of_differences) {
  // 1 and 6 fix the range, and the median is 3: a loss between moves nothing but itself, the mean and the deviation.
  const std::vector<double> losses{1, 2, 3, 4.5, 6};
  for (const double bend : {0.0, 1.0, 10.0}) {
    const GpTargets targets = gp_targets(losses, bend);
    double expected = 0;
    const auto bent = [&](double x) { return bend == 0 ? x : std::log1p(bend * x / 0.4); };
    double mean = 0, squares = 0;
    for (const double loss : losses) mean += bent((loss - 1) / 5) / 5;
    for (const double loss : losses) squares += std::pow(bent((loss - 1) / 5) - mean, 2) / 5;
    for (const double loss : losses) {
      constexpr double kStep = 1e-6;
      const double x = (loss - 1) / 5;
      expected += std::log((bent(x + kStep) - bent(x - kStep)) / (2 * kStep) / std::sqrt(squares));
    }
    BOOST_TEST(targets.log_slopes == expected, tolerance(1e-8));
  }
}

BOOST_AUTO_TEST_CASE(losses_that_tell_nothing_are_zeros) {
  for (const std::vector<double>& losses : {std::vector<double>{5}, {2, 2, 2}, {kInfinity, kInfinity}}) {
    for (const double bend : {0.0, 1.0})
      for (const double each : gp_targets(losses, bend).values) BOOST_TEST(each == 0);
  }
  const std::vector<double> failed = gp_targets(std::vector<double>{2, kInfinity, 2}, 1).values;
  BOOST_TEST(failed[1] > failed[0]);
  const std::vector<double> huge = gp_targets(std::vector<double>{-1.7e308, 0, 1.7e308}, 0).values;
  BOOST_TEST(huge[1] == 0, tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(searches_in_a_box_end_where_no_free_component_goes_down) {
  // A narrow valley whose lowest point, (1, 1), lies outside: the lowest of the box is (0.5, 0.25).
  const SmoothFunction valley = [](std::span<const double> x, std::span<double> gradient) {
    const double off = x[1] - x[0] * x[0];
    gradient[0] = -400 * x[0] * off - 2 * (1 - x[0]);
    gradient[1] = 200 * off;
    return 100 * off * off + (1 - x[0]) * (1 - x[0]);
  };
  const std::vector<double> low{-2, -2}, narrow{0.5, 2}, wide{2, 2};
  const BoundedMinimum bounded = minimize_in_box(valley, {-1.2, 1}, low, narrow, {.gradient = 1e-8});
  BOOST_TEST(bounded.x[0] == 0.5);
  BOOST_TEST(bounded.x[1] == 0.25, tolerance(1e-6));
  const BoundedMinimum free = minimize_in_box(valley, {-1.2, 1}, low, wide, {.gradient = 1e-8});
  BOOST_TEST(free.x[0] == 1, tolerance(1e-6));
  BOOST_TEST(free.evaluations < 100);
}

BOOST_AUTO_TEST_SUITE_END()
