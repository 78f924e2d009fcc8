#pragma once
#include <cstdint>

#include "sweep/study/history.h"

namespace moola::sweep {

/// At which steps a pruner looks: at the first report in each stretch of `steps` steps, beginning after the warm-up.
struct StepInterval {
  std::int64_t warmup_steps = 0, steps = 1;

  /// Whether the trial's last report is such a one; `trial` has one at least.
  bool is_due(const Observation& trial) const {
    const std::int64_t step = trial.reports.back().step;
    if (step < warmup_steps) return false;
    const std::int64_t begin = (step - warmup_steps) / steps * steps + warmup_steps;
    return trial.reports.size() < 2 || trial.reports[trial.reports.size() - 2].step < begin;
  }
};

}  // namespace moola::sweep
