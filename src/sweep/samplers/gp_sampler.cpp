#include "sweep/samplers/gp_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/keyed_permutation.h"
#include "sweep/samplers/draws.h"
#include "sweep/samplers/gp_search.h"
#include "sweep/samplers/gp_targets.h"
#include "sweep/space/unit_interval.h"

namespace moola::sweep {

GpSampler::GpSampler(const GpOptions& options) : options_(options) {}
GpSampler::~GpSampler() = default;

std::optional<Point> GpSampler::ask(const History& history, std::uint64_t number) {
  const SearchSpace& space = history.space();
  KeyedRandom random = draws(options_.seed, number, 0);
  if (history.count(TrialState::complete) < options_.startup_trials) {
    Point point(space.size());
    const std::uint64_t strata = options_.startup_trials;
    for (std::size_t p = 0; p < space.size(); ++p) {
      const KeyedPermutation order(strata, options_.seed + p * 1000003, number / strata);
      const double unit =
          (static_cast<double>(order(number % strata)) + random.uniform_double()) / static_cast<double>(strata);
      point[p] = from_unit(space[p].distribution, unit);
    }
    space.deactivate(point);
    if (space.allows(point)) return point;
    return random_point(space, random);
  }
  const GpSpace mapped(space);
  GpPoints points(mapped.categorical()), pending(mapped.categorical());
  std::vector<double> losses;
  std::vector<Point> tried;
  for (const Observation& each : history.trials()) {
    if (each.state == TrialState::waiting || each.number == number) continue;
    tried.push_back(each.point);
    if (each.state == TrialState::complete) {
      points.add(mapped.coordinates(each.point));
      losses.push_back(each.losses[0]);
    } else {
      pending.add(mapped.coordinates(each.point));
    }
  }
  const double d = static_cast<double>(mapped.dimensions());
  GpPrior prior;
  prior.length_median = options_.length_factor * std::sqrt(d);
  prior.length_spread = options_.length_spread;
  prior.noise_median = options_.noise_median;
  prior.noise_spread = options_.noise_spread;
  prior.scale_spread = options_.scale_spread;
  const double bends[] = {0, 1, 10, 100};
  GpFit best{};
  GpTargets targets;
  double best_score = -1e300, best_bend = 0;
  for (int b = 0; b < options_.bends; ++b) {
    GpTargets t = gp_targets(losses, bends[b]);
    GpFit fit = fit_gp(points, t.values, prior);
    const double score = fit.log_posterior + t.log_slopes;
    if (score > best_score) best_score = score, best = fit, targets = t, best_bend = bends[b];
  }
  const GpPosterior posterior(points, targets.values, best.hyper, prior.least_noise, pending);
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return losses[i]; });
  std::vector<std::vector<double>> centres;
  for (std::size_t i = 0; i < std::min(options_.centres, order.size()); ++i)
    centres.emplace_back(points[order[i]].begin(), points[order[i]].end());
  double incumbent = *std::ranges::min_element(targets.values);
  if (options_.incumbent == 1) {
    std::vector<double> mean(losses.size()), variance(losses.size());
    posterior.predict(points, 0, mean, variance);
    incumbent = *std::ranges::min_element(mean);
  }
  if (options_.verbose && number % 10 == 9) {
    fmt::print("  {} bend {} score {:.2f} scale {:.3g} noise {:.3g} lengths", number, best_bend, best_score,
               best.hyper.scale, best.hyper.noise);
    for (double w : best.hyper.weights) fmt::print(" {:.2f}", 1 / std::sqrt(w));
    fmt::print(" best {:.3g}\n", *std::ranges::min_element(losses));
  }
  const GpSearch search{
      .space = &mapped, .posterior = &posterior, .best = incumbent, .centres = centres, .tried = tried};
  if (std::optional<Point> found = find_improvement(search, random)) return found;
  return random_point(space, random);
}

}  // namespace moola::sweep
