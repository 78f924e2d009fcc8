#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "data/tables/feature_table_file.h"

namespace moola::data {

/// The horizon of a table whose labels are meant: `bars`, or the only one. `key` is where it is said ("--horizon").
/// Throws ConfigError for one that is not there and where there are several to choose from, DataError for a table
/// without labels and for labels that do not say when they are known: nothing can be purged by them.
const HorizonColumns& labelled_horizon(const FeatureTableFile& table, std::optional<std::int32_t> bars,
                                       std::string_view key);

}  // namespace moola::data
