#pragma once
#include <cstdint>
#include <optional>

#include "sweep/study/trial.h"

namespace moola::work {

struct BestTrial {
  std::uint64_t number = 0;
  double value = 0;
  std::uint64_t complete_since = 0;  // complete trials that ended after it
};

/// The complete trial with the best value, of a study with one objective; the first of several. Trials that are not
/// feasible don't count. None where no trial is complete.
std::optional<BestTrial> best_trial(const sweep::Study& study);

/// Whether a trial is complete with a value for each direction, none of them NaN.
bool has_values(const sweep::Study& study, const sweep::Trial& trial);

/// Whether a trial has told that it breaks one of the user's constraints.
bool is_feasible(const sweep::Trial& trial);

}  // namespace moola::work
