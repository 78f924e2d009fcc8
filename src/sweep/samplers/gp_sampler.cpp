#include "sweep/samplers/gp_sampler.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/keyed_permutation.h"
#include "sweep/samplers/draws.h"
#include "sweep/samplers/gp/gp_observations.h"
#include "sweep/samplers/gp/gp_search.h"
#include "sweep/space/unit_interval.h"

namespace moola::sweep {
namespace {

constexpr std::size_t kCentres = 5;

std::vector<Point> tried_points(const History& history, std::uint64_t number) {
  std::vector<Point> out;
  for (const Observation& each : history.trials()) {
    if (each.state != TrialState::waiting && each.number != number) out.push_back(each.point);
  }
  return out;
}

bool contains(const std::vector<Point>& points, const Point& point) {
  return std::ranges::any_of(points, [&](const Point& each) { return same_point(each, point); });
}

// New where a few draws find one that is.
Point random_new_point(const SearchSpace& space, const std::vector<Point>& tried, KeyedRandom& random) {
  constexpr int kTries = 200;
  Point out = random_point(space, random);
  for (int i = 0; i < kTries && contains(tried, out); ++i) out = random_point(space, random);
  return out;
}

// Cell `number` of a Latin hypercube of so many points, or of the one after it.
Point spread_point(const SearchSpace& space, std::uint64_t cells, std::uint64_t seed, std::uint64_t number,
                   KeyedRandom& random) {
  Point out(space.size());
  for (std::size_t p = 0; p < space.size(); ++p) {
    const KeyedPermutation order(cells, seed ^ (p + 1) * 0x9e3779b97f4a7c15U, number / cells);
    const double cell = static_cast<double>(order(number % cells)) + random.uniform_double();
    out[p] = from_unit(space[p].distribution, cell / static_cast<double>(cells));
  }
  space.deactivate(out);
  return out;
}

// How many complete trials hyperparameters are learnt from when there are `count`.
std::size_t learning_count(std::size_t count) {
  std::size_t out = std::min<std::size_t>(count, 64);
  while (out + out / 20 <= count && out < count && out >= 64) out += out / 20;
  return out;
}

// Coordinates of the points that were best.
std::vector<std::vector<double>> best_points(const GpObservations& seen) {
  std::vector<std::size_t> order(seen.losses.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return seen.losses[i]; });
  order.resize(std::min(order.size(), kCentres));
  std::vector<std::vector<double>> out;
  for (const std::size_t i : order) out.emplace_back(seen.points[i].begin(), seen.points[i].end());
  return out;
}

}  // namespace

GpSampler::GpSampler(const GpOptions& options) : options_(options) {
  if (options.startup_trials < 1 || options.most_trials < 2)
    throw ConfigError("the sampler gp needs at least 1 trial to start with and 2 to learn from.");
}

const GpModel& GpSampler::learnt(const GpPoints& points, const std::vector<double>& losses) {
  const std::span<const double> rows = points.rows();
  if (model_.hyper.weights.size() != points.dimensions() || losses != losses_ || !std::ranges::equal(rows, rows_)) {
    model_ = learn_gp(points, losses);
    rows_.assign(rows.begin(), rows.end());
    losses_ = losses;
  }
  return model_;
}

std::optional<Point> GpSampler::ask(const History& history, std::uint64_t number) {
  if (history.objectives() != 1) {
    throw ConfigError(
        "the sampler gp searches for one objective, and this study has several. Choose tpe or nsga2, which take "
        "several.");
  }
  const SearchSpace& space = history.space();
  const GpSpace mapped(space);
  KeyedRandom random = draws(options_.seed, number, 0);
  const std::vector<Point> tried = tried_points(history, number);
  const std::size_t complete = history.count(TrialState::complete);
  if (complete < options_.startup_trials || mapped.dimensions() == 0) {
    Point point = spread_point(space, options_.startup_trials, options_.seed, number, random);
    return space.allows(point) && !contains(tried, point) ? point : random_new_point(space, tried, random);
  }

  const std::size_t learning = learning_count(complete);
  const GpObservations seen = gp_observations(mapped, history, complete, options_.most_trials);
  const GpObservations learnable =
      learning == complete ? seen : gp_observations(mapped, history, learning, options_.most_trials);
  const GpModel& model = learnt(learnable.points, learnable.losses);
  const GpTargets targets = gp_targets(seen.losses, model.bend);
  const double least_noise = gp_prior(mapped.dimensions()).least_noise;
  const GpPosterior posterior(seen.points, targets.values, model.hyper, least_noise, GpPoints(mapped.categorical()));
  const GpPoints pending = gp_pending(mapped, history, number);
  std::optional<GpPosterior> with_pending;
  if (pending.size() > 0) with_pending.emplace(seen.points, targets.values, model.hyper, least_noise, pending);
  std::vector<double> means(seen.losses.size()), variances(seen.losses.size());
  posterior.predict(seen.points, 0, means, variances);
  const std::vector<std::vector<double>> centres = best_points(seen);
  const GpSearch search{.space = &mapped,
                        .posterior = &posterior,
                        .with_pending = with_pending ? &*with_pending : &posterior,
                        .best = *std::ranges::min_element(means),
                        .centres = centres,
                        .tried = tried};
  if (std::optional<Point> found = find_improvement(search, random)) return found;
  return random_new_point(space, tried, random);
}

}  // namespace moola::sweep
