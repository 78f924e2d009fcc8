#pragma once
#include "work/evaluate/folds/fold.h"

namespace moola::work {

/// Tells a sweep that this job is a trial of how good a fold is, so that it may give the trial up before all folds are
/// made: the split's number as the step, and the score that the sweep looks for (MOOLA_TRIAL_METRIC, such as
/// `models.xgboost.scores.log_loss`), where the fold is of that model and it is a score of forecasts. Else nothing.
void report_fold(const LoadedEvaluateConfig& config, const EvaluationData& data, const FoldTask& task,
                 const FoldResult& fold);

}  // namespace moola::work
