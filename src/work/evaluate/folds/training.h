#pragma once
#include <filesystem>
#include <vector>

#include "work/evaluate/folds/fold.h"
#include "work/evaluate/folds/saved_model.h"
#include "work/evaluate/rows/evaluation_splits.h"

namespace moola::work {

/// RUN/models/NNNN: a configuration of `moola train`, fitted.
std::filesystem::path model_folder(const std::filesystem::path& run, std::size_t configuration);

/// A fitted model with what it was fitted on: the split's train part.
SavedModel saved_model(const Configuration& configuration, const EvaluationData& data, const validation::Split& split,
                       FittedModel fitted);

/// Features of all rows by position as the model wants them. `scaled` holds them where they are scaled.
std::span<const float> table_for(const FittedModel& model, const EvaluationData& data, unsigned threads,
                                 std::vector<float>& scaled);

/// What a model says of some rows of its own data, as far as they have a whole window.
FoldResult forecast_rows(const SavedModel& model, const EvaluationData& data,
                         const std::vector<validation::RowRange>& rows, unsigned threads);

/// RUN/model, a copy of the best configuration's, and its predictions of the validation and the sealed test part,
/// RUN/predictions/val.h5 and test.h5: probabilities alone, which nothing here compares with what came. Throws IoError,
/// DataError.
void keep_best(const std::filesystem::path& run, std::size_t best, const EvaluationData& data,
               const EvaluationSplits& splits, unsigned threads);

}  // namespace moola::work
