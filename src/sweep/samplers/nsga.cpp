#include "sweep/samplers/nsga.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/space/unit_interval.h"
#include "sweep/study/pareto.h"

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum : std::uint64_t { kFirst = 0x4e534741, kChild };

// Infeasible ones behind all feasible ones, by their violation.
std::vector<std::size_t> constrained_ranks(std::span<const Observation* const> trials, std::size_t objectives) {
  std::vector<double> losses;
  std::vector<std::size_t> feasible, out(trials.size());
  std::map<double, std::size_t> violations;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i]->violation > 0) {
      violations.emplace(trials[i]->violation, 0);
      continue;
    }
    feasible.push_back(i);
    losses.insert(losses.end(), trials[i]->losses.begin(), trials[i]->losses.end());
  }
  const std::vector<std::size_t> ranks = nondominated_ranks(losses, objectives);
  std::size_t next = ranks.empty() ? 0 : 1 + *std::ranges::max_element(ranks);
  for (auto& [violation, rank] : violations) rank = next++;
  for (std::size_t i = 0; i < feasible.size(); ++i) out[feasible[i]] = ranks[i];
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i]->violation > 0) out[i] = violations.at(trials[i]->violation);
  }
  return out;
}

bool has_few_values(const Distribution& distribution) {
  return std::holds_alternative<CategoricalDistribution>(distribution) || count_of(distribution).value_or(21) <= 20;
}

// Where a value at `at` in the unit interval is moved to.
double moved(double at, double uniform) {
  constexpr double kIndex = 20;
  const double low_room = std::pow(1 - at, kIndex + 1), high_room = std::pow(at, kIndex + 1);
  if (uniform < 0.5) return at + std::pow(2 * uniform + (1 - 2 * uniform) * low_room, 1 / (kIndex + 1)) - 1;
  return at + 1 - std::pow(2 * (1 - uniform) + (2 * uniform - 1) * high_room, 1 / (kIndex + 1));
}

}  // namespace

std::vector<double> crowding_distances(std::span<const double> losses, std::size_t objectives) {
  const std::size_t n = losses.size() / objectives;
  std::vector<double> out(n, 0);
  std::vector<std::size_t> order(n);
  for (std::size_t k = 0; k < objectives && n > 0; ++k) {
    const auto loss = [&](std::size_t i) { return losses[i * objectives + k]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, loss);
    if (loss(order.front()) == loss(order.back())) continue;
    const double width = loss(order.back()) - loss(order.front());
    out[order.front()] = out[order.back()] = kInfinity;
    for (std::size_t i = 1; i + 1 < n; ++i) {
      if (loss(order[i + 1]) == loss(order[i - 1])) continue;
      const double gap = loss(order[i + 1]) - loss(order[i - 1]);
      // Where the front reaches to infinity a finite gap is no share of it.
      out[order[i]] += std::isinf(gap) ? 1 : gap / width;
    }
  }
  return out;
}

NsgaSampler::NsgaSampler(NsgaOptions options) : options_(options) {
  if (options_.population < 2)
    throw ConfigError(fmt::format("NSGA-II: its population must be 2 or more, not {}.", options_.population));
  for (const auto& [name, chance] : {std::pair{"crossover", options_.crossover},
                                     {"swap", options_.swap},
                                     {"mutated", options_.mutated.value_or(0)}}) {
    if (!(chance >= 0 && chance <= 1))
      throw ConfigError(fmt::format("NSGA-II: {} is a chance and must be from 0 to 1, not {}.", name, chance));
  }
}

void NsgaSampler::follow(const History& history) {
  if (history_ != history.identity()) {
    history_ = history.identity();
    followed_ = 0;
    generation_.clear();
    parents_.clear();
  }
  for (; followed_ < history.finished().size(); ++followed_) {
    const std::uint64_t number = history.finished()[followed_];
    if (history.trials()[number].state != TrialState::complete) continue;
    generation_.push_back(number);
    if (generation_.size() == options_.population) select_parents(history);
  }
}

void NsgaSampler::select_parents(const History& history) {
  generation_.insert(generation_.end(), parents_.begin(), parents_.end());
  std::vector<const Observation*> trials;
  for (const std::uint64_t number : generation_) trials.push_back(&history.trials()[number]);
  const std::vector<std::size_t> ranks = constrained_ranks(trials, history.objectives());
  std::vector<double> room(trials.size());
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return ranks[i]; });
  for (auto front = order.begin(); front != order.end();) {
    const auto end = std::find_if(front, order.end(), [&](std::size_t i) { return ranks[i] != ranks[*front]; });
    std::vector<double> losses;
    for (auto i = front; i != end; ++i)
      losses.insert(losses.end(), trials[*i]->losses.begin(), trials[*i]->losses.end());
    const std::vector<double> distances = crowding_distances(losses, history.objectives());
    for (auto i = front; i != end; ++i) room[*i] = distances[static_cast<std::size_t>(i - front)];
    front = end;
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : room[a] > room[b];
  });
  order.resize(options_.population);
  parents_.clear();
  ranks_.clear();
  room_.clear();
  for (const std::size_t i : order) {
    parents_.push_back(generation_[i]);
    ranks_.push_back(ranks[i]);
    room_.push_back(room[i]);
  }
  generation_.clear();
}

std::uint64_t NsgaSampler::parent(KeyedRandom& random) const {
  const auto parents = static_cast<std::uint32_t>(parents_.size());
  const std::uint32_t a = random.below(parents), b = random.below(parents);
  const bool second = ranks_[a] != ranks_[b] ? ranks_[b] < ranks_[a] : room_[b] > room_[a];
  return parents_[second ? b : a];
}

Point NsgaSampler::child(const History& history, KeyedRandom& random) const {
  constexpr int kTries = 100;
  const SearchSpace& space = history.space();
  const double mutated = options_.mutated.value_or(1 / static_cast<double>(space.size()));
  for (int i = 0; i < kTries; ++i) {
    const Point& first = history.trials()[parent(random)].point;
    const bool alone = random.uniform_double() >= options_.crossover;
    const Point& second = alone ? first : history.trials()[parent(random)].point;
    Point out(space.size());
    for (std::size_t p = 0; p < space.size(); ++p) {
      const Distribution& distribution = space[p].distribution;
      const bool swap = random.uniform_double() < options_.swap, change = random.uniform_double() < mutated;
      const double draw = random.uniform_double();
      double value = swap ? second[p] : first[p];
      if (std::isnan(value)) value = swap ? first[p] : second[p];
      const bool redraw = options_.mutation == Mutation::redraw || has_few_values(distribution);
      if (std::isnan(value) || (change && redraw))
        value = from_unit(distribution, draw);
      else if (change)
        value = from_unit(distribution, moved(to_unit(distribution, value), draw));
      // Somebody's own trials may have values outside the space.
      out[p] = nearest_value(distribution, value);
    }
    space.deactivate(out);
    const bool is_known = std::ranges::any_of(
        parents_, [&](std::uint64_t number) { return same_point(history.trials()[number].point, out); });
    if (!is_known && space.allows(out)) return out;
  }
  return random_point(space, random);
}

std::optional<Point> NsgaSampler::ask(const History& history, std::uint64_t number) {
  follow(history);
  KeyedRandom random = draws(options_.seed, number, parents_.empty() ? kFirst : kChild);
  if (parents_.empty()) return random_point(history.space(), random);
  return child(history, random);
}

}  // namespace moola::sweep
