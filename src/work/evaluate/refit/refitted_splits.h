#pragma once
#include <vector>

#include "work/evaluate/refit/barrier_refit.h"
#include "work/evaluate/rows/evaluation_splits.h"

namespace moola::work {

/// Rows from the first to the last that each split of a walk-forward may learn from, whatever their labels: what its
/// labels may be fitted on. Throws as make_splits.
std::vector<validation::RowRange> rows_before_tests(const LoadedEvaluateConfig& config, const EvaluationData& data);

/// As make_splits, of a walk-forward whose splits have barriers of their own; one whose search failed has that for its
/// fault. Leaves `data` labelled as some split's.
EvaluationSplits make_refitted_splits(const LoadedEvaluateConfig& config, EvaluationData& data,
                                      const BarrierRefit& refit);

/// Labels every row as the split says that tests it (BarrierRefit::label_as_tested).
void label_as_tested(EvaluationData& data, const BarrierRefit& refit, const EvaluationSplits& splits);

}  // namespace moola::work
