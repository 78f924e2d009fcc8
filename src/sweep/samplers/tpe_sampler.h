#pragma once
#include <memory>

#include "sweep/samplers/sampler.h"
#include "sweep/samplers/tpe/parzen_estimator.h"

namespace moola::sweep {

/// What the best trials weigh where there are several objectives.
enum class BestWeights {
  equal,       // Optuna 5
  hypervolume  // what would be lost without them (Optuna to 4.9)
};

struct TpeOptions {
  std::uint64_t seed = 0;
  std::size_t startup_trials = 10;  // random ones, until so many are complete or pruned
  std::size_t candidates = 24;      // drawn from the density of the best, at least 1
  /// Parameters that matter together are drawn from one density of all of them; else from one of each. Unless it is
  /// said: for one objective.
  std::optional<bool> multivariate = {};
  ParzenBandwidth bandwidth = ParzenBandwidth::gap;
  /// Running trials count among those that are not the best, so that others are not tried close to them.
  bool constant_liar = true;
  double prior_weight = 1;  // above 0
  BestWeights best_weights = BestWeights::equal;
};

/// Tree-structured Parzen estimators: of candidates that are drawn from a density of the best trials, the one that is
/// likeliest among them as against all others.
///
/// Parameters with one condition are drawn where they matter, from densities of the trials that had them: the best
/// tenth of those, not of all trials, so that a branch is learnt while another one is ahead. Candidates that
/// constraints forbid are passed over; where a hundred turns bring no allowed point, it is a random one. Cost of an
/// ask: candidates * trials * parameters; of 1,000 finished trials with 10 parameters about 0.05 ms, 0.5 ms for a
/// sampler that has not seen them before. Where there are several objectives, O(trials log trials) for their fronts is
/// added after each that is complete. Source: Bergstra, Bardenet, Bengio, Kegl 2011; the defaults are those of
/// Optuna 5.0.
class TpeSampler : public Sampler {
 public:
  /// Throws ConfigError for no candidates and a prior that weighs nothing.
  explicit TpeSampler(TpeOptions options = {});
  ~TpeSampler() override;

  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  struct Branch;

  TpeOptions options_;
  std::uint64_t identity_ = 0;  // of the history that the branches know
  std::vector<std::unique_ptr<Branch>> branches_;

  void begin(const History& history);
  void update(const History& history, std::uint64_t number, Branch& branch) const;
  std::optional<Point> propose(const SearchSpace& space, std::uint64_t number, std::uint64_t turn);
};

}  // namespace moola::sweep
