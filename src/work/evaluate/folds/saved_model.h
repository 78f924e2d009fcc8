#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/store/content_file.h"
#include "work/evaluate/folds/fitted_model.h"

namespace moola::work {

/// A fitted model as a folder keeps it: enough to predict rows of any table that has its features, and to know which
/// rows it must not be judged by.
struct SavedModel {
  /// What it has learnt from, been stopped by or calibrated on: one symbol's rows from `first` on whose labels end at
  /// `last`, both ns UTC and included.
  struct Seen {
    std::string symbol;
    std::int64_t first = 0, last = 0;
  };
  std::string name = {};  // the configuration's
  Json parameters = Json::object();
  std::vector<std::string> features = {}, class_names = {};
  std::vector<std::int8_t> direction = {};        // (classes)
  std::int32_t horizon = 0;                       // bars
  data::Parent table = {};                        // what it was fitted on
  std::string encoder_sha256 = {}, pooling = {};  // of the encoder that made the features; empty: none
  std::vector<Seen> seen = {};
  /// Of synthetic rows that it has learnt from: what their generator has seen, of whatever symbol, and what was said of
  /// them (EvaluationData::doubts and differs).
  struct Synthetic {
    std::vector<data::FittedPart::Seen> seen = {};
    std::vector<std::string> doubts = {};
    std::string differs = {};
  };
  std::optional<Synthetic> synthetic = {};  // none: it has learnt from none
  OwnModel own = {};                        // of one that is none of the table's
  std::shared_ptr<const models::ModelKind> kind = {};
  FittedModel fitted = {};
};

/// Writes FOLDER: model.json and what the classifier keeps, scaler.json, calibrator.json, and bundle.json, which holds
/// the rest and the SHA-256 of all of them. Whole or not at all; what is there is replaced. Throws IoError.
void write_saved_model(const std::filesystem::path& folder, const SavedModel& model);

/// Reads and verifies it. Throws DataError naming the file that is not as it was saved; IoError.
SavedModel read_saved_model(const std::filesystem::path& folder);

/// What a model saw: of each symbol the stretches of rows that it was given, until their labels were known.
std::vector<SavedModel::Seen> seen_by(const EvaluationData& data, const std::vector<validation::RowRange>& rows);

/// Rows among `rows` that share a moment with what the model has seen of their symbol, or the generator of its
/// synthetic rows of any: features decide at their time, labels end at t1.
std::vector<std::size_t> rows_seen(const SavedModel& model, const EvaluationData& data,
                                   const std::vector<validation::RowRange>& rows);

}  // namespace moola::work
