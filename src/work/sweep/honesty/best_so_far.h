#pragma once
#include <cstddef>
#include <span>

#include "base/json.h"
#include "sweep/study/trial.h"
#include "validation/sharpe.h"
#include "work/sweep/honesty/study_returns.h"

namespace moola::work {

/// The best trial after each number of complete ones, and what luck alone would have given by then: "best_so_far" of
/// honesty.h. `moments`: of the columns of `returns`, or none of them. `mean_noise`: standard deviation of a
/// trial's mean score over folds (fold_scores.h); NaN: there is none. Of a study with one objective.
Json best_so_far(const sweep::Study& study, const StudyReturns& returns,
                 std::span<const validation::ReturnMoments> moments, double mean_noise);

}  // namespace moola::work
