#pragma once
#include <memory>
#include <utility>

#include "sweep/pruners/pruner.h"

namespace moola::sweep {

/// Asks `wrapped`, or without one prunes, where the best loss of the last patience + 1 reports is worse than the best
/// one before them by more than min_delta. NaN is left out; while all before or all after is NaN, nothing is pruned.
/// Source: Optuna 5.0's PatientPruner, whose judgements these are.
class PatientPruner final : public Pruner {
 public:
  PatientPruner(std::unique_ptr<Pruner> wrapped, std::size_t patience, double min_delta)
      : wrapped_(std::move(wrapped)), patience_(patience), min_delta_(min_delta) {}
  Judgement judge(const History& history, std::uint64_t number) override;

 private:
  std::unique_ptr<Pruner> wrapped_;
  std::size_t patience_;
  double min_delta_;
};

}  // namespace moola::sweep
