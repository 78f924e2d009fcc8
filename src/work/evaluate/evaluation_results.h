#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "validation/block_bootstrap.h"
#include "validation/forecast_scores.h"
#include "validation/overfitting.h"
#include "work/evaluate/path_returns.h"

namespace moola::work {

/// A choice holds when its deflated Sharpe ratio is no less, and the probability of overfitting no more.
inline constexpr double kHoldsDsr = 0.95, kHoldsPbo = 0.2;

/// What one configuration has come to.
struct ConfigurationResult {
  std::size_t configuration = 0;
  std::size_t folds = 0, missing = 0;
  std::optional<validation::ForecastScores> scores = {};  // the mean over paths; none without a scored row
  /// Of rows, by path averaged: "accuracy", "log_loss", "brier", and "accuracy_gain", "log_loss_gain" over the best
  /// baseline of each.
  std::vector<std::pair<std::string, validation::Interval>> intervals = {};
  std::vector<double> importance = {};  // of features, the mean over folds; empty where models can't tell

  std::vector<validation::PathSummary> paths = {};    // net, of each path
  std::vector<std::vector<double>> path_equity = {};  // of each path, from 1, at EvaluationResults::equity_at
  validation::PathSummary mean_path = {};             // of the mean of all paths' returns
  std::vector<double> returns = {};                   // that mean, by the clock; NaN where nothing was tested
  double gross_total = 0, turnover = 0, exposure = 0, hit_rate = 0, profit_factor = 0, break_even_cost = 0;
  std::size_t trades = 0;  // of all paths
  double psr = 0, dsr = 0, sharpe_error = 0;
};

/// A gate, and what was found.
struct GateResult {
  std::string name;
  double asked = 0;
  std::optional<double> found = {};
  bool met = false;
};

struct EvaluationResults {
  std::vector<ConfigurationResult> configurations = {};
  std::vector<std::int64_t> clock = {};
  std::vector<std::size_t> equity_at = {};           // up to 600 numbers of the clock, in order
  std::optional<validation::PathSummary> hold = {};  // buy and hold, the same parts
  std::vector<double> hold_returns = {};

  std::optional<validation::Overfitting> overfitting = {};
  std::vector<std::size_t> overfitting_columns = {};  // numbers of configurations
  std::string no_overfitting = {};                    // why there is none
  double trials = 0, effective_trials = 0, trial_variance = 0, deflation = 0;
  double periods_per_year = 0;

  std::vector<std::string> contamination = {};
  std::vector<std::string> warnings = {};
  std::vector<std::string> notes = {};  // what else one has to know
  std::optional<std::size_t> best =
      {};  // of those that are no baselines: by Sharpe ratio, or without prices by log loss
  std::vector<GateResult> gates = {};
  std::string verdict = {};  // in words; of a contaminated run that there is none
  bool has_verdict = false;
};

/// Puts folds together: paths, scores, returns, overfitting, gates. `folds`: by configuration and split, null where one
/// is missing. `splits`: by configuration (windows are purged further). Cost O(configurations x paths x rows log rows).
EvaluationResults evaluate_folds(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::optional<Prices>& prices,
                                 const std::vector<const EvaluationSplits*>& splits,
                                 const std::vector<std::vector<const FoldResult*>>& folds, unsigned threads);

/// All of it, for results.json and --json.
Json results_json(const LoadedEvaluateConfig& config, const EvaluationData& data, const EvaluationResults& results);

}  // namespace moola::work
