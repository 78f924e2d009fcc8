#include "sweep/samplers/tpe_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/samplers/tpe/trial_split.h"
#include "sweep/space/unit_interval.h"
#include "sweep/study/pareto.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kTurns = 100;

// Parameters that are drawn together.
struct Model {
  std::vector<std::size_t> parameters;
  ParzenEstimator best, others;
};

// Of the best trials: what would be lost without each of them, the most being 1. Equal where that is not finite, and
// next to nothing for trials that are not among the complete ones without violation.
std::vector<double> hypervolume_weights(const History& history, std::span<const std::uint64_t> best) {
  constexpr double kLeast = 1e-12;
  std::vector<double> losses, out(best.size(), kLeast);
  std::vector<std::size_t> complete;
  for (std::size_t i = 0; i < best.size(); ++i) {
    const Observation& trial = history.trials()[best[i]];
    if (trial.state != TrialState::complete || trial.violation > 0) continue;
    complete.push_back(i);
    losses.insert(losses.end(), trial.losses.begin(), trial.losses.end());
  }
  const std::size_t objectives = history.objectives();
  std::vector<double> lost(complete.size(), 1.0);
  if (complete.size() > 1) lost = hypervolume_contributions(losses, objectives, beyond_worst(losses, objectives));
  const double most = lost.empty() ? 0 : *std::ranges::max_element(lost);
  for (std::size_t i = 0; i < complete.size(); ++i)
    out[complete[i]] = std::isfinite(most) ? std::max(lost[i] / std::max(most, kLeast), kLeast) : 1.0;
  return out;
}

}  // namespace

// Parameters that matter at the same time: those without a condition, or with the same one.
struct TpeSampler::Branch {
  std::optional<Condition> when;
  std::vector<std::size_t> parameters = {};
  TrialSplit split;
  std::vector<Model> models = {};
};

TpeSampler::TpeSampler(TpeOptions options) : options_(options) {
  if (options_.candidates == 0) throw ConfigError("candidates: TPE needs one at least; 24 is usual.");
  if (!(options_.prior_weight > 0) || !std::isfinite(options_.prior_weight))
    throw ConfigError(
        fmt::format("prior_weight: must be a number above 0, not {}; 1 is usual.", options_.prior_weight));
}

TpeSampler::~TpeSampler() = default;

void TpeSampler::begin(const History& history) {
  const SearchSpace& space = history.space();
  branches_.clear();
  identity_ = history.identity();
  std::vector<std::optional<Condition>> conditions;
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t p = 0; p < space.size(); ++p) {
    const std::optional<Condition>& when = space[p].when;
    const auto same = std::ranges::find_if(conditions, [&](const std::optional<Condition>& each) {
      return when.has_value() == each.has_value() &&
             (!when || (when->parameter == each->parameter && when->values == each->values));
    });
    const auto at = static_cast<std::size_t>(same - conditions.begin());
    if (same == conditions.end()) {
      conditions.push_back(when);
      members.emplace_back();
    }
    members[at].push_back(p);
  }
  const bool together = options_.multivariate.value_or(history.objectives() == 1);
  const ParzenOptions parzen{.bandwidth = options_.bandwidth, .prior_weight = options_.prior_weight};
  for (std::size_t b = 0; b < members.size(); ++b) {
    auto branch = std::make_unique<Branch>(
        Branch{.when = conditions[b], .parameters = members[b], .split = TrialSplit(members[b])});
    std::vector<std::vector<std::size_t>> groups;
    for (const std::size_t p : members[b]) {
      if (is_single(space[p].distribution)) continue;
      if (groups.empty() || !together) groups.emplace_back();
      groups.back().push_back(p);
    }
    for (const std::vector<std::size_t>& group : groups) {
      std::vector<ParzenAxis> axes;
      for (const std::size_t p : group) axes.push_back(axis_of(space[p].distribution));
      branch->models.push_back({group, ParzenEstimator(axes, parzen), ParzenEstimator(axes, parzen)});
    }
    branches_.push_back(std::move(branch));
  }
}

void TpeSampler::update(const History& history, std::uint64_t number, Branch& branch) const {
  branch.split.update(history, number, options_.constant_liar);
  std::vector<double> weights;
  if (history.objectives() > 1) {
    weights = options_.best_weights == BestWeights::hypervolume ? hypervolume_weights(history, branch.split.best())
                                                                : std::vector<double>(branch.split.best().size(), 1.0);
  }
  for (Model& model : branch.models) {
    const auto value = [&](std::uint64_t trial, std::size_t axis) {
      return history.trials()[trial].point[model.parameters[axis]];
    };
    for (const std::uint64_t trial : branch.split.replaced()) {
      model.best.forget(trial);
      model.others.forget(trial);
    }
    model.best.observe(branch.split.best(), value);
    model.best.weigh(weights);
    model.others.observe(branch.split.others(), value);
  }
}

// Nothing where all candidates of the last model make a point that is not allowed.
std::optional<Point> TpeSampler::propose(const SearchSpace& space, std::uint64_t number, std::uint64_t turn) {
  Point point(space.size(), std::numeric_limits<double>::quiet_NaN());
  const std::size_t count = options_.candidates;
  std::vector<double> values, among_best, among_others;
  std::uint64_t stream = 1 + turn;
  for (const std::unique_ptr<Branch>& branch : branches_) {
    const bool active = space.is_active(branch->parameters.front(), point);
    for (const std::size_t p : branch->parameters) {
      if (active && is_single(space[p].distribution)) point[p] = from_unit(space[p].distribution, 0.5);
    }
    for (Model& model : branch->models) {
      const std::uint64_t own = stream;
      stream += kTurns;
      if (!active) continue;
      KeyedRandom random = draws(options_.seed, number, own);
      model.best.draw(count, random, values);
      model.best.log_densities(values, count, among_best);
      model.others.log_densities(values, count, among_others);
      const auto take = [&](std::size_t candidate) {
        for (std::size_t a = 0; a < model.parameters.size(); ++a)
          point[model.parameters[a]] = values[a * count + candidate];
      };
      // Where nothing else is open, constraints choose among the candidates.
      const bool last = branches_.size() == 1 && &model == &branch->models.back() && !space.constraints().empty();
      std::optional<std::size_t> chosen;
      double most = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double gain = among_best[i] - among_others[i];
        if (chosen && !(gain > most)) continue;
        if (last) {
          take(i);
          if (!space.allows(point)) continue;
        }
        chosen = i;
        most = gain;
      }
      if (!chosen) return std::nullopt;
      take(*chosen);
    }
  }
  if (!space.allows(point)) return std::nullopt;
  return point;
}

std::optional<Point> TpeSampler::ask(const History& history, std::uint64_t number) {
  const SearchSpace& space = history.space();
  if (identity_ != history.identity()) begin(history);
  if (history.count(TrialState::complete) + history.count(TrialState::pruned) >= options_.startup_trials) {
    for (const std::unique_ptr<Branch>& branch : branches_) update(history, number, *branch);
    const std::uint64_t turns = space.constraints().empty() ? 1 : kTurns;
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
      if (std::optional<Point> point = propose(space, number, turn)) return point;
    }
  }
  KeyedRandom random = draws(options_.seed, number, 0);
  return random_point(space, random);
}

}  // namespace moola::sweep
