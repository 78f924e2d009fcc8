#pragma once
#include "base/json.h"
#include "sweep/study/trial.h"

namespace moola::work {

/// All that a journal says of each trial, by number: {"number", "state" (Optuna's word), "values", "params",
/// "distributions" (Optuna's), "reports": {step: value}, "attributes", "started", "completed" (UTC, "" for none)}.
Json history_json(const sweep::Study& study);

}  // namespace moola::work
