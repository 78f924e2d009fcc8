#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Probabilities of rows that somebody's own model gave elsewhere.
struct PredictedRows {
  std::vector<std::size_t> row = {};     // (predictions) of an EvaluationData, ascending within a split
  std::vector<float> probability = {};   // (predictions, classes)
  std::vector<std::int64_t> split = {};  // (predictions) which split's model it was; empty: of all
};

/// Reads a table (CSV or Parquet) with `time`, where the data has several symbols `symbol`, `p_CLASS` for each class
/// ("p_-1", "p_0", "p_1"), and perhaps `split`. Rows before the data's first and after its last are left out.
/// `key` begins messages. Throws DataError for columns that are not there (naming them), times that are no row of the
/// data, a row twice in a split, values that are no probabilities (NaN too) or do not sum to 1 within 1e-3, each with
/// its line; IoError. Cost O(predictions log rows).
PredictedRows read_predictions(const std::filesystem::path& file, const EvaluationData& data, const std::string& key);

}  // namespace moola::work
