#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "market/bars.h"

namespace moola::work {

/// The sides that a file states for bars: the sign of its column `name`, found by stamp; 0 for bars that it does not
/// have, and where the column holds NaN. The file is HDF5 with `time` (int64, nanoseconds UTC, increasing) and either
/// a data set `name` (n) of numbers, or `X` (n, F) with the attribute `feature_names`, as `moola features` writes it.
///
/// Throws DataError for a file that is another, for stamps that are no bar's, and for labels of `moola label`: they
/// know the future.
std::vector<std::int8_t> sides_of_file(const std::filesystem::path& path, const std::string& name,
                                       const market::Bars& bars);

}  // namespace moola::work
