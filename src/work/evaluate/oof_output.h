#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// What `moola cv` leaves as data sets: data/oof/NAME/vN of the best configuration, or of every one that is no baseline
/// (NAME-CONFIGURATION), as output.oof says. `folds` as evaluate_folds has them. Returns their IDs. Throws as
/// write_oof.
std::vector<std::string> write_oof_of(const std::filesystem::path& workspace, const LoadedEvaluateConfig& config,
                                      const EvaluationData& data, const EvaluationResults& results,
                                      const std::vector<std::vector<const FoldResult*>>& folds, const std::string& name,
                                      const std::string& run);

}  // namespace moola::work
