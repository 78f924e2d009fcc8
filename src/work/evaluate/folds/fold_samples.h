#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "market/features/scaler.h"
#include "models/classifiers/classifier.h"
#include "validation/split.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// What models are fitted and asked on in one split, as rows of an EvaluationData, in order. Rows without a label are
/// in none of the first three.
struct FoldRows {
  std::vector<std::size_t> fit = {};
  std::vector<std::size_t> early_stopping = {}, calibration = {};  // behind `fit`, each purged from what is before it
  std::vector<std::size_t> test = {};                              // also those without a label
  std::vector<std::size_t> synthetic = {};                         // beside `fit`: data.size() and on
};

struct FoldRowsOptions {
  double held_out = 0;          // share of the train rows, the latest
  bool early_stopping = false;  // which of the two want them
  bool calibration = false;
  std::size_t steps = 1, stride = 1;  // of windows: those that reach over a segment's beginning are left out
  bool synthetic = false;             // takes synthetic rows
  std::span<const validation::RowRange> sealed = {};  // what is tested later: no generator may have seen it either
};

/// The label of every row of `fit` is known before the first held-out row decides. Throws LeakError where nothing is
/// left to fit on.
FoldRows fold_rows(const EvaluationData& data, const validation::Split& split, const FoldRowsOptions& options);

/// Rows of `rows` whose window of so many rows lies in one segment, without a row that has no label.
std::vector<std::size_t> rows_with_windows(const EvaluationData& data, std::span<const validation::RowRange> rows,
                                           std::size_t steps);

/// Weights of samples by how few of them share their labels' time; of these rows alone, symbol by symbol.
std::vector<double> uniqueness_weights(const EvaluationData& data, const std::vector<std::size_t>& rows);

/// Weights of `rows.synthetic`: `each` times that of the row of `rows.fit` that one was made from, or the mean where
/// there is none. `weight`: of `rows.fit`; empty: all 1.
std::vector<double> synthetic_weights(const EvaluationData& data, const FoldRows& rows,
                                      const std::vector<double>& weight, double each);

/// The windows of `rows`, one after another (rows * steps, channels), out of all features by position: without what
/// stands behind each.
std::vector<float> windows_of(const EvaluationData& data, std::span<const float> table,
                              const std::vector<std::size_t>& rows);

/// Features as a model wants them: as they are, or scaled by what rows of its train part hold.
class FoldFeatures {
 public:
  FoldFeatures(const EvaluationData& data, const EvaluateConfig& config, unsigned threads)
      : data_(data), config_(config), threads_(threads) {}

  /// Whether this kind of model gets scaled features.
  bool scales_for(const models::ModelKind& kind) const;
  /// All rows by position as the kind wants them: as they are, or scaled as the rows `fit` say. Scaled ones are in the
  /// same memory each time: what was handed out before is gone.
  std::span<const float> wanted(const models::ModelKind& kind, const std::vector<std::size_t>& fit);
  /// (features) of the last rows that something was scaled by.
  const std::vector<market::ColumnScale>& scales() const { return scales_; }

 private:
  std::span<const float> scaled(const std::vector<std::size_t>& fit);

  const EvaluationData& data_;
  const EvaluateConfig& config_;
  unsigned threads_;
  std::vector<std::size_t> fitted_on_;
  std::vector<market::ColumnScale> scales_;
  std::vector<float> scaled_;
};

/// Features of all rows by position, scaled.
std::vector<float> scaled_table(const EvaluationData& data, std::span<const market::ColumnScale> scales, double clip,
                                unsigned threads);

}  // namespace moola::work
