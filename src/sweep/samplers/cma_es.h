#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "sweep/samplers/sampler.h"

namespace moola::sweep {

/// What is done once a search by CMA-ES gets no further.
enum class CmaRestarts {
  none,   // it stays where it is
  ipop,   // it begins anew anywhere, with twice the population
  bipop,  // so, and as long as those have had more trials, with small populations and sigmas in between
};

struct CmaEsOptions {
  std::uint64_t seed = 0;
  std::uint64_t startup_trials = 1;            // random ones, of which it does not learn
  double sigma = 1.0 / 6;                      // at first, of a range
  std::optional<std::size_t> population = {};  // trials of a generation; 4 + floor(3 ln n) for n parameters
  CmaRestarts restarts = CmaRestarts::ipop;
};

/// CMA-ES for one objective: a normal distribution over the ranges, from their middle on, learns of each generation of
/// trials where losses are low. Good for floats that depend on each other and a few hundred trials and more.
///
/// Floats and integers are coordinates (with logarithms where the distribution says so); what lies on steps keeps a
/// margin (cma_margin.h). Choices are drawn by frequencies that learn of the best of each generation. A value that is
/// not active has a draw behind it, which is ranked with the rest and means nothing.
///
/// Any number of trials may run at once. A generation is the next `population` trials that finish, in this order,
/// whenever they were asked for; those of older generations, and somebody else's, count as far as a draw could have led
/// to them. Failed trials do not count. Pruned ones are worse than complete ones (fewer steps are worse, then the last
/// value says), infeasible ones worst. With many more workers than the population, a larger one learns more from them.
///
/// Source: Hansen 2016 (evolution_strategy.h); restarts: Auger, Hansen 2005 (IPOP) and Hansen 2009 (BIPOP).
class CmaEsSampler : public Sampler {
 public:
  /// Throws ConfigError for a sigma not above 0, or a population below 2.
  explicit CmaEsSampler(CmaEsOptions options = {});
  ~CmaEsSampler() override;

  /// Throws ConfigError for several objectives.
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  class Search;
  CmaEsOptions options_;
  std::unique_ptr<Search> search_;
};

}  // namespace moola::sweep
