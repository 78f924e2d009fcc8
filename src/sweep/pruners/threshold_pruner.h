#pragma once
#include "sweep/pruners/pruner.h"
#include "sweep/pruners/step_interval.h"

namespace moola::sweep {

/// Prunes a trial whose last loss is below `lower`, above `upper` or NaN.
/// Source: Optuna 5.0's ThresholdPruner, whose judgements these are.
class ThresholdPruner final : public Pruner {
 public:
  ThresholdPruner(double lower, double upper, const StepInterval& interval)
      : lower_(lower), upper_(upper), interval_(interval) {}

  Judgement judge(const History& history, std::uint64_t number) override {
    const Observation& trial = history.trials()[number];
    const double loss = trial.reports.back().value;
    return {.prune = interval_.is_due(trial) && !(loss >= lower_ && loss <= upper_)};
  }

 private:
  double lower_, upper_;
  StepInterval interval_;
};

}  // namespace moola::sweep
