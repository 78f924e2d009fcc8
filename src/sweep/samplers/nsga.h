#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/keyed_random.h"
#include "sweep/samplers/sampler.h"

namespace moola::sweep {

/// How a value of a child is changed.
enum class Mutation {
  redraw,      // drawn from its whole range
  polynomial,  // moved, mostly by a few hundredths of its range (Deb, Agrawal 1999, with an index of 20); redrawn where
               // that would hardly leave the value: choices, and ranges of 20 values and fewer
};

struct NsgaOptions {
  std::uint64_t seed = 0;
  std::size_t population = 50;
  double crossover = 0.9;              // chance that a child has two parents
  double swap = 0.5;                   // chance that a value comes from the second of them
  std::optional<double> mutated = {};  // chance of each value to be changed; 1 / parameters
  Mutation mutation = Mutation::polynomial;
};

/// NSGA-II, for several objectives: children of the best trials so far, best by who dominates whom and among equals by
/// how much room they have. For one objective it is an evolution strategy that keeps the best.
///
/// A generation is the next `population` complete trials, in the order in which they finish, so that any number may run
/// at once. The first are random. Infeasible trials come after feasible ones, by their violation; pruned and failed
/// ones do not count. A child that is as one of the parents is bred again.
/// Source: Deb, Pratap, Agarwal, Meyarivan 2002; the crossover, redrawing and the chances are Optuna's.
class NsgaSampler : public Sampler {
 public:
  /// Throws ConfigError for a population below 2 and chances outside 0 to 1.
  explicit NsgaSampler(NsgaOptions options = {});
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  NsgaOptions options_;
  std::uint64_t history_ = 0;              // identity of the one that the rest is about
  std::size_t followed_ = 0;               // finished trials that have been counted
  std::vector<std::uint64_t> generation_;  // trials since the last whole generation
  std::vector<std::uint64_t> parents_;     // trials
  std::vector<std::size_t> ranks_;         // of the parents
  std::vector<double> room_;               // around them

  void follow(const History& history);
  void select_parents(const History& history);
  std::uint64_t parent(KeyedRandom& random) const;
  Point child(const History& history, KeyedRandom& random) const;
};

/// How far each point's neighbours in each objective are from each other, as shares of the front's width, summed;
/// infinite for the points at its ends. `losses` are rows of one front. Source: Deb et al. 2002, crowding distance.
std::vector<double> crowding_distances(std::span<const double> losses, std::size_t objectives);

}  // namespace moola::sweep
