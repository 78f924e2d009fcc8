#include "work/sweep/study/best_trial.h"

#include <algorithm>
#include <cmath>

#include "work/sweep/study/trial_attributes.h"

namespace moola::work {

bool is_feasible(const sweep::Trial& trial) {
  return violation_of(trial) <= 0;
}

std::optional<BestTrial> best_trial(const sweep::Study& study) {
  if (study.directions.size() != 1) return std::nullopt;
  const double sign = study.directions.front() == sweep::Direction::maximize ? -1 : 1;
  std::optional<BestTrial> best;
  const auto counts = [](const sweep::Trial& trial) {
    return trial.state == sweep::TrialState::complete && trial.values.size() == 1 && !std::isnan(trial.values.front());
  };
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (!counts(trial)) continue;
    if (best && !(sign * trial.values.front() < sign * best->value)) continue;
    if (is_feasible(trial)) best = {.number = number, .value = trial.values.front()};
  }
  if (!best) return best;
  const std::int64_t ended = study.trials[best->number].completed;
  best->complete_since = static_cast<std::uint64_t>(std::ranges::count_if(
      study.trials, [&](const sweep::Trial& trial) { return counts(trial) && trial.completed > ended; }));
  return best;
}

}  // namespace moola::work
