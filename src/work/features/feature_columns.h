#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/store/content_file.h"
#include "market/features/feature_table.h"

namespace moola::work {

/// Puts a table of features into a file: `X` (rows, features) with `feature_names`, and in the manifest what each of
/// them is, the first row with a value of all, and how many values of each were undefined. `more`: columns beside X.
void write_feature_columns(data::ContentFile& file, const market::FeatureTable& table, bool float32,
                           std::vector<data::Column> more);

/// Reads back the X of such a file, which holds `features` in this order. Throws DataError when it holds others.
market::FeatureTable read_feature_columns(const std::filesystem::path& file, std::vector<market::Feature> features);

}  // namespace moola::work
