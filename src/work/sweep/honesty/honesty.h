#pragma once
#include <filesystem>
#include <string>

#include "base/json.h"
#include "sweep/study/trial.h"

namespace moola::work {

/// How far a study's winner may be an accident, from what its complete trials have kept (trial_recorder.h).
///
/// - "complete"; "judged": the trial in question, the best one; of several objectives the one of the front with the
///   highest Sharpe ratio; null where there is none.
/// - "returns": {trials, rows, from, to, resolution, compounding, longest, without, left_out}, or null and "no_returns"
///   says why. Everything below is of the rows that all these trials have.
/// - "sharpe", "annual_sharpe", "effective_observations" (independent returns that tell as much as those of `judged`:
///   fewer than rows where its models were trained on each other's test parts), "psr", "trials" (all complete ones),
///   "trial_variance" (of Sharpe ratios, of those with returns that move), "expected_maximum" (what the best of so many
///   without skill has), "dsr"; "effective_trials", "effective_dsr", "clustered_trials" (how many were looked at for
///   it). Null where they can't be told, and "no_dsr" says why. Of trials of several paths these are the median path's,
///   and "effective_trials" and "overfitting" are of the mean over paths, as in an evaluation.
/// - "overfitting": {pbo, trials, blocks, combinations, rows, prob_loss, slope, coarse, verdict}, or null and
///   "no_overfitting" says why. Configurations are chosen by the Sharpe ratio, whatever the study's objective is.
/// - "fold_scores": {trials, folds, grand_mean, best_mean, noise, mean_noise, expected_best, expected_best_of_all,
///   effective_trials} (fold_scores.h), or null.
/// - "best_so_far", of one objective: a list of {trials, best, value, sharpe, expected_maximum, corrected, dsr,
///   corrected_value}, after so many complete trials in the order of their numbers; thinned to some hundred, with
///   every change of the best one. "corrected" is the Sharpe ratio less the expected maximum of so many trials;
///   "corrected_value", with scores of folds, the value less what the best of so many has by luck.
/// - "outer_test": {from, to} or null; "notes": what else one has to know.
///
/// `study_folder` is artifacts/studies/NAME, with config.toml and trials/; empty: a journal without them. The same for
/// any number of threads. Cost: reads a file for each complete trial; clusters of 1,000 trials take some seconds.
/// Throws ConfigError and IoError for a config.toml that can't be read.
Json honesty_json(const sweep::Study& study, const std::filesystem::path& study_folder, unsigned threads = 0);

/// That, for people: some lines, each ended.
std::string honesty_text(const Json& honesty);

}  // namespace moola::work
