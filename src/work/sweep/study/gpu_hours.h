#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "sweep/study/trial.h"

namespace moola::work {

/// GPU-hours that a study's trials have cost by `now` (ns UTC), whoever has run them: of finished ones what they say,
/// of running ones with all attempts so far. Attempts that were lost with their process are not known, nor are trials
/// that a program which is none of ours has run. `is_at_work`: whether the process of this name lives; asked once for
/// each. Cost O(trials).
double gpu_hours_of(const sweep::Study& study, std::int64_t now,
                    const std::function<bool(const std::string&)>& is_at_work);

}  // namespace moola::work
