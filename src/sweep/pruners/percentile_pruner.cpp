#include "sweep/pruners/percentile_pruner.h"

#include <cmath>

#include "sweep/pruners/least_loss.h"

namespace moola::sweep {

void PercentilePruner::catch_up(const History& history) {
  if (identity_ != history.identity()) {
    steps_.clear();
    seen_ = 0;
    identity_ = history.identity();
  }
  // Values, not losses: interpolated from the other side, they would round another way.
  const double fraction = (options_.maximise ? 100 - options_.percentile : options_.percentile) / 100;
  for (; seen_ < history.finished().size(); ++seen_) {
    const Observation& trial = history.trials()[history.finished()[seen_]];
    if (trial.state != TrialState::complete) continue;
    for (const Report& report : trial.reports) {
      Step& step = steps_.try_emplace(report.step, Step{.values = RunningPercentile(fraction)}).first->second;
      ++step.trials;
      if (!std::isnan(report.value)) step.values.insert(sign() * report.value);
    }
  }
}

Judgement PercentilePruner::judge(const History& history, std::uint64_t number) {
  const std::size_t complete = history.count(TrialState::complete);
  if (complete == 0 || complete < options_.startup_trials) return {};
  const Observation& trial = history.trials()[number];
  if (!options_.interval.is_due(trial)) return {};
  const double best = sign() * least_loss(trial.reports);
  if (std::isnan(best)) return {.prune = true};
  catch_up(history);
  const auto at = steps_.find(trial.reports.back().step);
  if (at == steps_.end() || at->second.trials < options_.min_trials) return {};
  const double limit = at->second.values.value();
  return {.prune = options_.maximise ? best < limit : best > limit};
}

}  // namespace moola::sweep
