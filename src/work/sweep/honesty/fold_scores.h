#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sweep/study/trial.h"

namespace moola::work {

/// Scores of complete trials on the same folds.
struct FoldScores {
  std::vector<std::uint64_t> trials = {};  // (trials) numbers, ascending
  std::size_t folds = 0;
  double tests = 1;                 // folds that test a row
  std::vector<double> values = {};  // (trials, folds) trial by trial
};

/// What the best mean score of so many trials is worth.
struct FoldLuck {
  double grand_mean = 0;       // of all scores
  double best_mean = 0;        // of the judged trial's
  double noise = 0;            // standard deviation of one score, trials' and folds' means taken off
  double mean_noise = 0;       // of a trial's mean score
  double expected_best = 0;    // mean score that the best of `effective` trials has on average if none is better
  double expected_of_all = 0;  // the same of all trials, as if each were independent of the others
  std::size_t effective = 0;   // independent trials
};

/// Of complete trials with the attribute fold_scores those with the most usual number of folds; none: no two have.
std::optional<FoldScores> fold_scores_of(const sweep::Study& study);

/// Two-way analysis of variance without repetition: score = trial + fold + noise. Where trials do not differ, their
/// means scatter around the grand mean by noise / sqrt(folds), and the best of n lies expected_maximum(n) such
/// deviations off it, on the better side. Where a row is tested by t of k folds (CPCV), their scores are correlated by
/// r = (t - 1) / (k - 1): a mean tells as much as k / t scores, and the analysis finds the noise less by sqrt(1 - r).
/// The effective number is that of clusters of the scores less their fold's mean (validation/trial_clusters.h), of
/// 1,000 trials at most; with few folds next to all count as independent. `judged`: index in `scores.trials`. None
/// where folds are fewer than 3 or all scores are explained by trial and fold. Source: any textbook's randomised
/// blocks; the expected maximum as in validation/sharpe.h.
std::optional<FoldLuck> measure_fold_luck(const FoldScores& scores, std::size_t judged, bool maximise,
                                          unsigned threads);

}  // namespace moola::work
