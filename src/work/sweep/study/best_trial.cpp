#include "work/sweep/study/best_trial.h"

#include <algorithm>
#include <cmath>

#include "work/sweep/study/trial_attributes.h"

namespace moola::work {

bool has_values(const sweep::Study& study, const sweep::Trial& trial) {
  return trial.state == sweep::TrialState::complete && trial.values.size() == study.directions.size() &&
         std::ranges::none_of(trial.values, [](double x) { return std::isnan(x); });
}

bool is_feasible(const sweep::Trial& trial) {
  return violation_of(trial) <= 0;
}

std::optional<BestTrial> best_trial(const sweep::Study& study) {
  if (study.directions.size() != 1) return std::nullopt;
  const double sign = sweep::loss_sign(study.directions.front());
  std::optional<BestTrial> best;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (!has_values(study, trial)) continue;
    if (best && !(sign * trial.values.front() < sign * best->value)) continue;
    if (is_feasible(trial)) best = {.number = number, .value = trial.values.front()};
  }
  if (!best) return best;
  const std::int64_t ended = study.trials[best->number].completed;
  best->complete_since = static_cast<std::uint64_t>(std::ranges::count_if(
      study.trials, [&](const sweep::Trial& trial) { return has_values(study, trial) && trial.completed > ended; }));
  return best;
}

}  // namespace moola::work
