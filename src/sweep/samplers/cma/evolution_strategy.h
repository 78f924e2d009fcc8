#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace moola::sweep {

/// What an evolution strategy draws from: x = mean + sigma `shape` z, z standard normal.
struct SearchNormal {
  std::vector<double> mean;
  double sigma = 1;
  std::vector<double> shape;      // square, by rows; shape times its transpose is the covariance without sigma^2
  std::vector<double> deviation;  // of each coordinate: sigma times the root of the covariance's diagonal
};

/// A point that was tried, of which the strategy learns.
struct Offspring {
  std::vector<double> x;
  // Whether it was drawn from the strategy's normal as it is now. What was not (drawn earlier and late, or somebody's
  // own) is pulled towards the mean as far as a draw would hardly be from it.
  bool current = true;
};

/// CMA-ES with active covariances: a normal distribution that moves, turns and stretches to where losses are low.
///
/// A function of what it was given: no draws of its own. Cost of a generation O(population n^2), and O(n^3) about every
/// n / 10 ones.
/// Source: Hansen 2016, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), eq. 5 to 58; for points that are
/// not its own Hansen 2011, "Injecting external solutions into CMA-ES".
class EvolutionStrategy {
 public:
  EvolutionStrategy(std::vector<double> mean, double sigma, std::size_t population);
  ~EvolutionStrategy();
  EvolutionStrategy(EvolutionStrategy&&) noexcept;
  EvolutionStrategy& operator=(EvolutionStrategy&&) noexcept;

  /// 4 + floor(3 ln n), the usual size.
  static std::size_t usual_population(std::size_t dimensions);

  std::size_t dimensions() const;
  std::size_t population() const;
  /// Weights of the best of a generation, best first, which sum to 1.
  std::span<const double> recombination() const;
  SearchNormal normal() const;

  /// A whole generation, `population` of them, best first.
  void learn(std::span<const Offspring> ranked);
  void move_mean(std::size_t coordinate, double to);

  /// Whether it can get no further: it is a point (1e-12 of the first sigma), its axes differ 1e7 times, or its numbers
  /// are none any more.
  bool is_spent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace moola::sweep
