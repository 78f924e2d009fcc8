#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "validation/block_bootstrap.h"
#include "validation/overfitting.h"
#include "validation/sharpe.h"
#include "work/evaluate/config/believable.h"
#include "work/evaluate/results/forecast_results.h"
#include "work/evaluate/results/path_returns.h"

namespace moola::work {

/// What one configuration has come to.
struct ConfigurationResult {
  std::size_t configuration = 0;
  std::size_t folds = 0, missing = 0;
  std::optional<validation::ForecastScores> scores = {};  // the mean over paths; none without a scored row
  std::vector<FoldScore> by_split = {};
  /// Of rows, by path averaged: "accuracy", "log_loss", "brier", and "accuracy_gain", "log_loss_gain" over the best
  /// baseline of each.
  std::vector<std::pair<std::string, validation::Interval>> intervals = {};
  /// By split: synthetic rows that it has learnt from; 0 where the fold is missing. Empty where there are none at all.
  std::vector<std::size_t> synthetic_rows = {};
  std::vector<double> importance = {};  // of features, the mean over folds; empty where models can't tell
  /// Of the best, and of the baseline with the least log-loss.
  std::optional<ReliabilityResult> reliability = {};
  std::optional<ConformalResult> conformal = {};

  std::vector<validation::PathSummary> paths = {};    // net, of each path with a forecast
  std::vector<std::size_t> path_numbers = {};         // of each, among EvaluationSplits::paths
  std::vector<std::vector<double>> path_equity = {};  // of each path, from 1, at EvaluationResults::equity_at
  validation::PathSummary mean_path = {};             // of the mean of all paths' returns, which nobody trades
  std::vector<double> mean_returns = {};              // that mean, by the clock; empty: of one path, as `returns`

  /// The path whose Sharpe ratio is the lower median; all that follows is its own.
  std::size_t median = 0;  // of `paths`
  validation::PathSummary median_path = {};
  std::vector<double> returns = {};  // by the clock; NaN where nothing was tested
  double gross_total = 0, turnover = 0, exposure = 0, hit_rate = 0, profit_factor = 0, break_even_cost = 0;
  std::size_t trades = 0;
  std::optional<validation::ReturnMoments> moments =
      {};  // at the moments that all tried have tested; none: no variance
  double psr = 0, dsr = 0, sharpe_error = 0;
  std::size_t effective_observations = 0;  // of independent returns that would tell as much as those of `moments`
  /// At multiples of the costs; empty where it was not asked, or trades cost nothing.
  std::vector<validation::CostPoint> costs = {};
  double break_even_multiple = 0;  // of the costs, at which nothing is left; NaN: it loses without any

  const std::vector<double>& column() const { return mean_returns.empty() ? returns : mean_returns; }
};

/// A gate, and what was found.
struct GateResult {
  std::string name;
  double asked = 0;
  std::optional<double> found = {};
  bool met = false;
};

/// Which rows the splits test, so that runs can be held against each other.
struct TestedRows {
  std::size_t rows = 0;
  std::int64_t first = 0, last = 0;  // ns UTC
  std::string sha256 = {};           // of their times, symbols and labels
};

struct EvaluationResults {
  std::vector<ConfigurationResult> configurations = {};
  TestedRows tested = {};
  std::vector<std::int64_t> clock = {};
  std::vector<std::size_t> equity_at = {};           // up to 600 numbers of the clock, in order
  std::optional<validation::PathSummary> hold = {};  // buy and hold, the same parts
  std::vector<double> hold_returns = {};

  std::optional<validation::Overfitting> overfitting = {};
  std::vector<std::size_t> overfitting_columns = {};  // numbers of configurations
  std::string no_overfitting = {};                    // why there is none
  double trials = 0, effective_trials = 0, trial_variance = 0, deflation = 0;
  double periods_per_year = 0;

  std::vector<Json> refitted_barriers = {};  // (splits) as BarrierRefit found them; empty: they were not
  std::vector<Json> refitted_encoders = {};  // (splits) as EncoderRefits tells them; empty: there are none
  std::vector<std::string> contamination = {};
  std::vector<std::string> warnings = {};
  std::vector<std::string> notes = {};  // what else one has to know
  /// Of those that are no baselines: by the median path's Sharpe ratio, or without prices by log loss.
  std::optional<std::size_t> best = {};
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

/// Whether the best one's Sharpe ratio is more than luck: its DSR, and where several were tried the PBO of the choice.
bool is_believable(const LoadedEvaluateConfig& config, const EvaluationResults& results);

/// All of it, for results.json and --json.
Json results_json(const LoadedEvaluateConfig& config, const EvaluationData& data, const EvaluationResults& results);

}  // namespace moola::work
