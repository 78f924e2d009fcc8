#pragma once
#include <optional>
#include <string>

#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// report.html: the verdict first, then what it stands on. Self-contained, light and dark, legible in print. `splits`:
/// those of configurations that look at one row.
std::string evaluation_report(const LoadedEvaluateConfig& config, const EvaluationData& data,
                              const std::optional<Prices>& prices, const EvaluationSplits& splits,
                              const EvaluationResults& results, const std::string& run);

}  // namespace moola::work
