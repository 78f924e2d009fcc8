#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "validation/calibration.h"
#include "validation/split.h"
#include "work/evaluate/evaluate_config.h"
#include "work/evaluate/evaluation_data.h"
#include "work/evaluate/fold_samples.h"

namespace moola::work {

/// One unit of work: a configuration on a split.
struct FoldTask {
  std::size_t configuration = 0, split = 0;
  std::string key = {};    // hash of all that determines the result: 64 hexadecimal digits
  std::uint64_t seed = 0;  // of the configuration's name and the split, never of a rank
  double cost = 1;         // rough: what it takes, beside the others
};

/// What a task has found. Holds nothing but what its key determines.
struct FoldResult {
  std::vector<std::uint64_t> row = {};  // of the table, in order
  std::vector<float> probability = {};  // (rows, classes) row by row
  Json fit = Json::object();            // what there is to tell: rows, weights, rounds, calibration, importance
};

/// Fits on the train part and predicts the test part. `features`: shared among the tasks of a process. Throws as
/// fold_rows and the models, naming the configuration.
FoldResult run_fold(const LoadedEvaluateConfig& config, const EvaluationData& data, const validation::Split& split,
                    const FoldTask& task, FoldFeatures& features, unsigned threads,
                    const std::function<void()>& check_stop);

/// Rows that a sample of this configuration looks at.
std::size_t steps_of(const LoadedEvaluateConfig& config, const Configuration& configuration);

}  // namespace moola::work
