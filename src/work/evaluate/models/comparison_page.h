#pragma once
#include <string>

#include "work/evaluate/models/run_comparison.h"

namespace moola::work {

/// Self-contained, light and dark, legible in print: what is best among the runs, each run's verdict, what they differ
/// in, equity of each one's best, and all configurations.
std::string comparison_page(const RunComparison& comparison);

/// What may be said of a choice, for page and terminal: "best of all …".
std::string choice_text(const RunComparison& comparison, const ChoiceAmongRuns& choice);

}  // namespace moola::work
