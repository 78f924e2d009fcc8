#pragma once
#include <cstdint>

#include "sweep/pruners/halving_rungs.h"
#include "sweep/pruners/pruner.h"

namespace moola::sweep {

/// Asynchronous successive halving (ASHA): a rung is at step min_resource * reduction_factor^(rate + rung); a trial
/// that reaches it passes when its loss is among the best one in reduction_factor of all trials that have reached it,
/// itself among them, and ends there otherwise. The first ones always pass.
///
/// Where min_resource is not said it is a hundredth of the last step of the trial that was complete first, 1 at least,
/// and nothing is pruned before. Optuna takes the largest of those that are complete when its pruner is first asked:
/// the same where trials run one by one, but with many at once it depends on when a process was started. A rung's
/// losses are kept sorted: a judgement costs O(log trials) for each. Source: Li et al. 2020, "A System for Massively
/// Parallel Hyperparameter Tuning"; judgements are those of Optuna 5.0.
class SuccessiveHalvingPruner final : public Pruner {
 public:
  /// `estimated`: min_resource is found by the first complete trial.
  SuccessiveHalvingPruner(const HalvingOptions& options, bool estimated) : options_(options), estimated_(estimated) {}
  Judgement judge(const History& history, std::uint64_t number) override;

 private:
  HalvingOptions options_;
  bool estimated_;
  FirstCompleteTrial first_;
  PassedRungs passed_;
};

}  // namespace moola::sweep
