#pragma once
#include <vector>

#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// By split: how many synthetic rows the folds of a configuration have learnt from, 0 where one is missing; empty where
/// there are no synthetic rows.
std::vector<std::size_t> synthetic_rows_of(const EvaluationData& data, const std::vector<const FoldResult*>& folds);

/// Says in `results` how many synthetic rows were learnt from, where none could be and why, and that they are unlike
/// the real ones where they are. `folds`: by configuration and split, null where one is missing.
void note_synthetic(const LoadedEvaluateConfig& config, const EvaluationData& data, const EvaluationSplits& splits,
                    const std::vector<std::vector<const FoldResult*>>& folds, EvaluationResults& results);

}  // namespace moola::work
