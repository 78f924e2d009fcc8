#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "market/features/scaler.h"
#include "models/classifiers/classifier.h"
#include "validation/calibration.h"
#include "work/evaluate/folds/fold_samples.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// A model with all that stands between a table's rows and its probabilities: scales, window, calibration.
struct FittedModel {
  std::unique_ptr<models::Classifier> classifier = {};
  std::size_t steps = 1;                         // rows of a sample, or bars of a labelled window
  std::vector<market::ColumnScale> scales = {};  // (features); empty: it takes them as they are
  double clip = 0;                               // of scaled values
  std::optional<validation::Calibrator> calibrator = {};
  Json told = Json::object();  // of the fit: rows, weights, rounds, calibration, importance

  /// Probabilities of `rows` (rows, classes), calibrated. `table`: all features by position, scaled as `scales` say.
  /// Throws as the classifier.
  std::vector<double> predict(const EvaluationData& data, std::span<const float> table,
                              const std::vector<std::size_t>& rows, unsigned threads) const;
};

/// How a configuration is fitted on some rows.
struct FitSetting {
  const LoadedEvaluateConfig& config;
  const Configuration& configuration;
  std::uint64_t seed = 0;
  unsigned threads = 1;
  std::filesystem::path scratch = {};
  std::function<void()> check_stop = [] {};
};

/// Fits on `rows.fit` and the synthetic rows beside it, scales by `rows.fit` alone, and calibrates on
/// `rows.calibration`. `features` makes the scaled table. Throws as the models.
FittedModel fit_model(const FitSetting& setting, const EvaluationData& data, const FoldRows& rows,
                      FoldFeatures& features);

/// Which rows of a split a configuration learns from, stops by, is calibrated on and predicts. Throws as fold_rows.
/// `sealed`: rows that are tested later. Baselines learn from no synthetic row: they are what others are measured by.
FoldRows rows_for(const LoadedEvaluateConfig& config, const Configuration& configuration, const EvaluationData& data,
                  const validation::Split& split, std::span<const validation::RowRange> sealed);

/// Rows of a table, or bars of a labelled window, that a sample of this configuration looks at.
std::size_t steps_of(const LoadedEvaluateConfig& config, const Configuration& configuration,
                     const EvaluationData& data);

}  // namespace moola::work
