#pragma once
#include <cstdint>
#include <optional>

#include "sweep/pruners/pruner.h"

namespace moola::sweep {

struct WilcoxonOptions {
  double p_threshold = 0.1;
  std::size_t startup_steps = 2;  // common instances before any judgement; below 2 there is none in any case
  std::size_t instances = 0;      // complete trials with fewer reports are never the best one; 0: any may be
};

/// For trials whose steps are folds or instances, each with a loss of its own, and whose loss is their mean: prunes
/// where a signed-rank test says with p < p_threshold that the trial's losses are above the best trial's on the
/// instances that both have, unless its mean so far is at least as good as the best trial's.
///
/// The best trial is the complete and feasible one with the least first loss. A trial that was given up but told as
/// complete with the mean of the few instances it had, which Optuna's manual suggests, can be it by luck: its mean
/// rests on fewer instances than that of trials which had all, the easy ones perhaps, and better trials would then be
/// held against it. `instances` keeps those out; so do trials that are told as pruned, as they should be. The test is
/// made again after each instance, so that more trials than p_threshold of all are pruned by chance. A trial or a best
/// trial with a loss that is not finite prunes nothing. A judgement costs O(reports log reports). Source: Optuna 5.0's
/// WilcoxonPruner, whose judgements these are where `instances` is 0.
class WilcoxonPruner final : public Pruner {
 public:
  explicit WilcoxonPruner(const WilcoxonOptions& options) : options_(options) {}
  Judgement judge(const History& history, std::uint64_t number) override;

 private:
  WilcoxonOptions options_;
  std::uint64_t identity_ = 0;
  std::size_t seen_ = 0;
  std::optional<std::uint64_t> best_;

  const Observation* best_of(const History& history);
};

}  // namespace moola::sweep
