#include "sweep/pruners/patient_pruner.h"

#include <span>

#include "sweep/pruners/least_loss.h"

namespace moola::sweep {

Judgement PatientPruner::judge(const History& history, std::uint64_t number) {
  const std::span<const Report> reports = history.trials()[number].reports;
  if (reports.size() < 2 || reports.size() - 2 < patience_) return {};
  const std::size_t before = reports.size() - patience_ - 1;
  if (!(least_loss(reports.first(before)) + min_delta_ < least_loss(reports.subspan(before)))) return {};
  return wrapped_ == nullptr ? Judgement{.prune = true} : wrapped_->judge(history, number);
}

}  // namespace moola::sweep
