#include "sweep/importance/ped_anova.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "sweep/importance/scott_density.h"
#include "sweep/samplers/tpe/trial_split.h"
#include "sweep/study/pareto.h"

namespace moola::sweep {
namespace {

// Below, the estimate of a density says nothing.
constexpr std::size_t kLeastTrials = 2;

// Losses of the trials that count, rows of `objectives` numbers.
struct Losses {
  std::vector<std::uint64_t> trials = {};
  std::vector<double> values = {};
  std::size_t objectives = 1;
};

Losses losses_of(const Study& study, std::optional<std::size_t> objective) {
  Losses out{.objectives = objective ? 1 : study.directions.size()};
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const Trial& trial = study.trials[number];
    if (trial.state != TrialState::complete || trial.values.size() != study.directions.size()) continue;
    std::vector<double> row;
    for (std::size_t i = 0; i < trial.values.size(); ++i) {
      if (!objective || *objective == i)
        row.push_back(study.directions[i] == Direction::maximize ? -trial.values[i] : trial.values[i]);
    }
    if (!std::ranges::all_of(row, [](double x) { return std::isfinite(x); })) continue;
    out.trials.push_back(number);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  return out;
}

// Whether each trial is among the best `share`: of one objective with all that equal the last of them, of several
// front by front, and of the front that does not fit whole those that have the largest volume together.
std::vector<bool> best_share(const Losses& losses, double share) {
  const std::size_t all = losses.trials.size();
  const std::size_t wanted = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all)));
  std::vector<bool> out(all, wanted >= all);
  if (wanted >= all || wanted == 0) return out;
  if (losses.objectives == 1) {
    std::vector<double> sorted = losses.values;
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(wanted) - 1;
    std::ranges::nth_element(sorted, last);
    for (std::size_t i = 0; i < all; ++i) out[i] = losses.values[i] <= *last;
    return out;
  }
  const std::vector<std::size_t> ranks = nondominated_ranks(losses.values, losses.objectives, wanted);
  std::map<std::size_t, std::vector<std::size_t>> fronts;
  for (std::size_t i = 0; i < all; ++i) fronts[ranks[i]].push_back(i);
  std::size_t left = wanted;
  for (const auto& [rank, front] : fronts) {
    if (front.size() <= left) {
      for (const std::size_t i : front) out[i] = true;
      left -= front.size();
      continue;
    }
    if (left == 0) break;
    std::vector<double> own;
    for (const std::size_t i : front) {
      const auto row = losses.values.begin() + static_cast<std::ptrdiff_t>(i * losses.objectives);
      own.insert(own.end(), row, row + static_cast<std::ptrdiff_t>(losses.objectives));
    }
    for (const std::size_t i :
         largest_hypervolume_subset(own, losses.objectives, beyond_worst(own, losses.objectives), left))
      out[front[i]] = true;
    break;
  }
  return out;
}

double pearson_divergence(const Distribution& distribution, std::span<const double> good,
                          std::span<const double> region, bool within_trials) {
  constexpr double kLeast = 1e-12;
  const bool are_choices = std::holds_alternative<CategoricalDistribution>(distribution);
  const std::vector<double> above = scott_density(grid_counts(distribution, good), are_choices);
  std::vector<double> other(above.size(), 1 / static_cast<double>(above.size()));
  if (within_trials) {
    other = scott_density(grid_counts(distribution, region), are_choices);
    for (double& each : other) each += kLeast;
  }
  double out = 0;
  for (std::size_t i = 0; i < above.size(); ++i) {
    const double excess = (above[i] + kLeast) / other[i] - 1;
    out += other[i] * excess * excess;
  }
  return out;
}

bool has_a_value(const Distribution& distribution, double value) {
  if (const auto* choices = std::get_if<CategoricalDistribution>(&distribution))
    return value >= 0 && value < static_cast<double>(choices->choices.size());
  return std::isfinite(value);
}

void check(const Study& study, const PedAnovaOptions& options) {
  if (!(options.target > 0 && options.target < options.region && options.region <= 1))
    throw std::invalid_argument(fmt::format("0 < target < region <= 1 was expected of PED-ANOVA, not {} and {}",
                                            options.target, options.region));
  if (options.objective && *options.objective >= study.directions.size())
    throw std::invalid_argument(
        fmt::format("objective {} of a study with {}", *options.objective, study.directions.size()));
}

}  // namespace

std::vector<ParameterImportance> ped_anova(const Study& study, const PedAnovaOptions& options) {
  check(study, options);
  std::map<std::string, ParameterImportance> by_name;
  for (const Trial& trial : study.trials) {
    if (trial.state != TrialState::complete) continue;
    for (const TrialParameter& each : trial.parameters) {
      const std::string& name = study.parameters[each.parameter].name;
      by_name.try_emplace(name, ParameterImportance{.name = name}).first->second.trials += 1;
    }
  }
  const Losses losses = losses_of(study, options.objective);
  const std::vector<bool> good = best_share(losses, options.target), inside = best_share(losses, options.region);
  const auto goods = static_cast<double>(std::ranges::count(good, true));
  const auto insides = static_cast<double>(std::ranges::count(inside, true));

  // A parameter of another range is another one here, as far as densities go.
  struct Values {
    std::vector<double> good = {}, inside = {};
  };
  std::vector<Values> values(study.parameters.size());
  for (std::size_t i = 0; losses.trials.size() > 1 && i < losses.trials.size(); ++i) {
    if (!inside[i]) continue;
    for (const TrialParameter& each : study.trials[losses.trials[i]].parameters) {
      if (!has_a_value(study.parameters[each.parameter].distribution, each.value)) continue;
      values[each.parameter].inside.push_back(each.value);
      if (good[i]) values[each.parameter].good.push_back(each.value);
    }
  }
  for (std::size_t p = 0; p < values.size(); ++p) {
    const Distribution& distribution = study.parameters[p].distribution;
    const Values& own = values[p];
    if (own.inside.size() < kLeastTrials || own.good.empty() || is_single(distribution)) continue;
    const double of_good = static_cast<double>(own.good.size()) / goods;
    const double of_inside = static_cast<double>(own.inside.size()) / insides;
    by_name.at(study.parameters[p].name).divergence +=
        goods / insides * (goods / insides) * of_good * of_good / of_inside *
        pearson_divergence(distribution, own.good, own.inside, options.within_trials);
  }

  std::vector<ParameterImportance> out;
  double sum = 0;
  for (auto& [name, importance] : by_name) {
    sum += importance.divergence;
    out.push_back(std::move(importance));
  }
  for (ParameterImportance& each : out)
    each.share = sum > 0 ? each.divergence / sum : 1 / static_cast<double>(out.size());
  std::ranges::stable_sort(out, std::greater{}, &ParameterImportance::divergence);
  return out;
}

}  // namespace moola::sweep
