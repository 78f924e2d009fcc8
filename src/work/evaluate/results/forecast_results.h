#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "validation/conformal.h"
#include "validation/forecast_scores.h"
#include "validation/reliability.h"
#include "work/evaluate/results/path_returns.h"

namespace moola::work {

/// What a configuration forecast on the test part of a split; NaN where the fold is missing or no row has a label.
struct FoldScore {
  std::size_t rows = 0;
  double accuracy = 0, log_loss = 0;
};
std::vector<FoldScore> score_folds(const EvaluationData& data, const std::vector<const FoldResult*>& folds);

/// The labelled rows of a path, and their forecasts.
struct ScoredRows {
  std::vector<double> probability = {};  // (rows, classes)
  std::vector<std::int32_t> truth = {};
  std::vector<std::size_t> row = {};

  validation::Forecasts forecasts(std::size_t classes) const {
    return {.classes = classes, .probability = probability, .truth = truth};
  }
};
ScoredRows scored_rows(const EvaluationData& data, const PathForecast& forecast);

/// What all paths of a configuration forecast.
struct ForecastResult {
  std::optional<validation::ForecastScores> scores = {};  // the mean over paths; none without a scored row
  /// The path whose log-loss is the lower median, of those with a scored row.
  std::size_t median = 0;
  /// (n) over the paths that predict a row, the mean of what its forecasts are worth; NaN where nothing was predicted
  /// or there is no label.
  std::vector<double> right = {}, loss = {}, brier = {};
};
ForecastResult score_paths(const EvaluationData& data, const EvaluationSplits& splits,
                           const std::vector<const FoldResult*>& folds);

/// Whether what was forecast with some confidence came as often, on one path. Intervals take rows for independent.
struct ReliabilityResult {
  std::size_t path = 0;
  validation::ReliabilityCurve by_width = {}, by_mass = {};  // of the class that was forecast, in 10 bins
  std::vector<validation::ReliabilityBin> histogram = {};    // the same in 40 bins of equal width, without empty ones
};
ReliabilityResult measure_path_reliability(const EvaluationData& data, const ScoredRows& scored, std::size_t path);

/// How often a set of classes that should miss one row in ten holds what comes. Thresholds are of the first half of the
/// path's rows, less those whose labels reach into the second; coverage and sizes are of the second half.
struct ConformalResult {
  std::size_t calibrated = 0, purged = 0, measured = 0;  // rows
  std::int64_t from = 0;                                 // of the first measured row
  validation::SetScores lac = {}, aps = {};
};
inline constexpr double kConformalMiscoverage = 0.1;
/// Nothing where either half has fewer than 100 rows, or there are more classes than sets can hold.
std::optional<ConformalResult> measure_path_sets(const EvaluationData& data, const ScoredRows& scored);

}  // namespace moola::work
