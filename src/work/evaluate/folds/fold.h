#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "work/evaluate/folds/fitted_model.h"
#include "work/evaluate/folds/predictions_file.h"

namespace moola::work {

/// One unit of work: a configuration on a split.
struct FoldTask {
  std::size_t configuration = 0, split = 0;
  std::string key = {};     // hash of all that determines the result: 64 hexadecimal digits
  bool may_change = false;  // it is made by somebody's own files, of which the run's configuration holds no hash
  std::uint64_t seed = 0;   // from the key
  double cost = 1;          // rough: what it takes, beside the others
};

/// What a task has found. Holds nothing but what its key determines.
struct FoldResult {
  std::vector<std::uint64_t> row = {};  // of the table, in order
  std::vector<float> probability = {};  // (rows, classes) row by row
  Json fit = Json::object();            // what there is to tell: rows, weights, rounds, calibration, importance
};

/// What a model has to say of rows of an EvaluationData, as a fold holds it. Throws DataError naming the first
/// probability that is not finite.
FoldResult forecast(const FittedModel& model, const EvaluationData& data, std::span<const float> table,
                    const std::vector<std::size_t>& rows, unsigned threads);

/// The same of predictions that were made elsewhere: those of the test part that are there, whose number `fit` tells.
/// Throws DataError when there is none.
FoldResult forecast(const PredictedRows& predicted, const EvaluationData& data, const FoldTask& task,
                    const validation::Split& split);

}  // namespace moola::work
