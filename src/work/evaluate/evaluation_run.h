#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "record/run_folder.h"
#include "work/evaluate/evaluate.h"
#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// Opens the run that an evaluation wants, and says in the outcome which it is. One that is finished is handed back
/// with what it has found; but where that is gone, or was found by somebody's own files that have changed since, a new
/// run is begun. Throws as open_run.
record::Run open_evaluation_run(const std::filesystem::path& workspace, record::RunRequest wanted,
                                const LoadedEvaluateConfig& config, EvaluateOutcome& outcome);

/// What an evaluation reads, as a run's record names it: rows and all that was made of them elsewhere, and prices.
std::vector<record::DataUse> data_uses(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                       const std::optional<Prices>& prices);

/// Writes results.json, with what stands `besides`, report.html and returns.h5 (where something was traded) into the
/// run's folder, and puts the results and whether all gates are met into the outcome. Returns the metrics for the run's
/// record. Throws IoError.
Json write_results(const LoadedEvaluateConfig& config, const EvaluationData& data, const std::optional<Prices>& prices,
                   const EvaluationSplits& splits, const EvaluationResults& results, const Json& besides,
                   EvaluateOutcome& outcome);

}  // namespace moola::work
