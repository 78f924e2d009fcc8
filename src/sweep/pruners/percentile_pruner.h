#pragma once
#include <unordered_map>

#include "sweep/pruners/pruner.h"
#include "sweep/pruners/running_percentile.h"
#include "sweep/pruners/step_interval.h"

namespace moola::sweep {

struct PercentileOptions {
  double percentile = 50;          // of 100; the best so many are kept
  bool maximise = false;           // losses are values with their sign changed
  std::size_t startup_trials = 5;  // complete trials before any is pruned
  std::size_t min_trials = 1;      // complete trials that must have a value at the step, NaN or not
  StepInterval interval = {};
};

/// Prunes a trial whose best value so far is worse than the percentile of what complete trials had at the step that it
/// has just reported, NaN left out; and one that has told of nothing but NaN. The median is percentile 50.
///
/// Values of complete trials are kept by step, a trial's taken in O(reports log trials) when it is first seen; a
/// judgement costs O(reports of the trial).
/// Source: Optuna 5.0's PercentilePruner, whose judgements these are, with NumPy's linear interpolation.
class PercentilePruner final : public Pruner {
 public:
  explicit PercentilePruner(const PercentileOptions& options) : options_(options) {}
  Judgement judge(const History& history, std::uint64_t number) override;

 private:
  struct Step {
    RunningPercentile values;
    std::size_t trials = 0;
  };

  PercentileOptions options_;
  std::uint64_t identity_ = 0;
  std::size_t seen_ = 0;  // of the history's finished trials
  std::unordered_map<std::int64_t, Step> steps_;

  double sign() const { return options_.maximise ? -1 : 1; }
  void catch_up(const History& history);
};

}  // namespace moola::sweep
