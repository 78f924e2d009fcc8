#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "validation/split.h"
#include "work/evaluate/evaluation_data.h"

namespace moola::work {

/// What models are fitted and asked on in one split, as rows of an EvaluationData, in order. Rows without a label are
/// in none of the first three.
struct FoldRows {
  std::vector<std::size_t> fit = {};
  std::vector<std::size_t> early_stopping = {}, calibration = {};  // behind `fit`, each purged from what is before it
  std::vector<std::size_t> test = {};                              // also those without a label
};

struct FoldRowsOptions {
  double held_out = 0;          // share of the train rows, the latest
  bool early_stopping = false;  // which of the two want them
  bool calibration = false;
  std::size_t steps = 1, stride = 1;  // of windows: those that reach over a segment's beginning are left out
};

/// The label of every row of `fit` is known before the first held-out row decides. Throws LeakError where nothing is
/// left to fit on.
FoldRows fold_rows(const EvaluationData& data, const validation::Split& split, const FoldRowsOptions& options);

/// Weights of samples by how few of them share their labels' time; of these rows alone, symbol by symbol.
std::vector<double> uniqueness_weights(const EvaluationData& data, const std::vector<std::size_t>& rows);

/// Features as a model wants them: as they are, or scaled by what rows of its train part hold.
class FoldFeatures {
 public:
  FoldFeatures(const EvaluationData& data, const EvaluateConfig& config, unsigned threads)
      : data_(data), config_(config), threads_(threads) {}

  /// All rows by position, scaled as `fit` says. The same memory each time: what was handed out before is gone.
  std::span<const float> scaled(const std::vector<std::size_t>& fit);

 private:
  const EvaluationData& data_;
  const EvaluateConfig& config_;
  unsigned threads_;
  std::vector<std::size_t> fitted_on_;
  std::vector<float> scaled_;
};

}  // namespace moola::work
