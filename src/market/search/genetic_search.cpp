#include "market/search/genetic_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

void check(const GeneticOptions& o) {
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  if (o.population < 2 || o.generations < 1)
    throw ConfigError(fmt::format("a search of {} generations of {}: at least 1 of 2.", o.generations, o.population));
  if (o.tournament < 1 || o.elite < 0 || o.elite >= o.population)
    throw ConfigError(
        fmt::format("tournaments of {} and an elite of {}: at least 1, and fewer than the population of {}.",
                    o.tournament, o.elite, o.population));
  if (!share(o.crossover) || !share(o.mutation) || !share(o.gene_mutation) || !(o.blend >= 0) || !(o.sigma >= 0))
    throw ConfigError("shares of crossovers and mutations must be from 0 to 1, blend and sigma not below 0.");
}

// Of two independent uniform draws (Marsaglia's polar method), by operations that are the same on every machine.
double normal(KeyedRandom& random) {
  for (;;) {
    const double u = 2.0 * random.uniform() - 1.0, v = 2.0 * random.uniform() - 1.0, s = u * u + v * v;
    if (s > 0 && s < 1) return u * std::sqrt(-2.0 * portable_log(s) / s);
  }
}

}  // namespace

GeneticSearch::GeneticSearch(std::vector<Side> box, const GeneticOptions& options, std::vector<Point> beginnings,
                             std::uint64_t seed)
    : box_(std::move(box)), options_(options), beginnings_(std::move(beginnings)), seed_(seed) {
  check(options);
  for (const Side& side : box_) {
    if (!(side.low <= side.high)) throw ConfigError(fmt::format("{} from {} to {}.", side.name, side.low, side.high));
  }
  if (beginnings_.size() > static_cast<std::size_t>(options.population))
    throw std::invalid_argument("a search begins with more points than its population holds");
  for (const Point& point : beginnings_) {
    bool inside = point.size() == box_.size();
    for (std::size_t i = 0; inside && i < box_.size(); ++i)
      inside = point[i] >= box_[i].low && point[i] <= box_[i].high;
    if (!inside) throw std::invalid_argument("a search begins outside its box");
  }
}

std::vector<Point> GeneticSearch::ask() {
  asked_.clear();
  if (generation_ == options_.generations) return {};
  const auto size = static_cast<std::size_t>(options_.population);
  if (generation_ == 0) {
    asked_ = beginnings_;
    while (asked_.size() < size) asked_.push_back(random_point(asked_.size()));
    return asked_;
  }
  // Pairs of parents have pairs of children.
  for (std::size_t pair = 0; asked_.size() + static_cast<std::size_t>(options_.elite) < size; ++pair) {
    KeyedRandom random = draws(pair);
    Point one = parent(random), two = parent(random);
    if (random.uniform() < options_.crossover) {
      for (std::size_t i = 0; i < box_.size(); ++i) {
        const double share = (1.0 + 2.0 * options_.blend) * random.uniform() - options_.blend;
        const double a = one[i], b = two[i];
        one[i] = (1.0 - share) * a + share * b;
        two[i] = share * a + (1.0 - share) * b;
      }
    }
    for (Point* child : {&one, &two}) {
      mutate(*child, random);
      if (asked_.size() + static_cast<std::size_t>(options_.elite) < size) asked_.push_back(*child);
    }
  }
  return asked_;
}

void GeneticSearch::tell(std::span<const double> values) {
  if (values.size() != asked_.size()) throw std::invalid_argument("a search was told other values than it asked for");
  const auto elite = static_cast<std::size_t>(options_.elite);
  population_.resize(generation_ == 0 ? 0 : elite);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = std::isnan(values[i]) ? -std::numeric_limits<double>::infinity() : values[i];
    population_.push_back({asked_[i], value});
  }
  std::stable_sort(population_.begin(), population_.end(),
                   [](const Individual& a, const Individual& b) { return a.value > b.value; });
  ++generation_;
}

KeyedRandom GeneticSearch::draws(std::size_t child) const {
  return {seed_, Stream::barrier_search, static_cast<std::uint64_t>(generation_), child};
}

Point GeneticSearch::random_point(std::size_t child) const {
  KeyedRandom random = draws(child);
  Point out;
  for (const Side& side : box_) out.push_back(side.low + (side.high - side.low) * random.uniform());
  return out;
}

const Point& GeneticSearch::parent(KeyedRandom& random) const {
  std::uint32_t best = static_cast<std::uint32_t>(population_.size());
  // The population is in order, so the best of a draw is its lowest number.
  for (int i = 0; i < options_.tournament; ++i)
    best = std::min(best, random.below(static_cast<std::uint32_t>(population_.size())));
  return population_[best].point;
}

void GeneticSearch::mutate(Point& child, KeyedRandom& random) const {
  const bool moves = random.uniform() < options_.mutation;
  for (std::size_t i = 0; i < box_.size(); ++i) {
    const double width = box_[i].high - box_[i].low;
    if (moves && random.uniform() < options_.gene_mutation) child[i] += options_.sigma * width * normal(random);
    child[i] = std::clamp(child[i], box_[i].low, box_[i].high);
  }
}

}  // namespace moola::market
