#pragma once
#include <vector>

#include "work/evaluate/rows/evaluation_splits.h"

namespace moola::work {

/// How many times larger the variance of what a path earns is than its returns say by themselves, where nothing can be
/// foretold: 1 or more.
///
/// Two parts of a path whose models were each trained on the other one's rows do not earn independently: if by chance
/// the same rule would have earned in both, each model learns it from the other part, and both earn; if it would have
/// earned in one and lost in the other, both models bet the wrong way. Returns within a part show nothing of it. Where
/// models learn signs of normal returns, row by row, and bet on signs, the earnings of two parts have the covariance
/// (2/pi)^2 a b / sqrt(T_A T_B), in variances of a row's: a rows of the one are among the T_B that the other's model
/// was trained on, and b of the other among T_A. That is 1.41 for every k-fold cross-validation and 1 where training
/// comes before testing. Labels that overlap, and models that have learnt something true, are nearer to 1. Cost
/// O(parts^2 x train ranges). Background: Bengio and Grandvalet, No unbiased estimator of the variance of k-fold
/// cross-validation (2004).
double shared_training_variance(const EvaluationSplits& splits, const std::vector<EvaluationSplits::Part>& path);

}  // namespace moola::work
