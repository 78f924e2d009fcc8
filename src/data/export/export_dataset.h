#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/store/dataset_id.h"

namespace moola::data {

struct ExportResult {
  std::filesystem::path file;
  std::uint64_t rows = 0;
  std::vector<std::string> columns;   // of a row
  std::vector<std::string> left_out;  // data sets the format has no place for
};

/// Writes a data set as a file for other tools, by its suffix. Numbers are as stored; windows of a view are written out
/// one by one, not normalised.
///
/// |          | windows (N, T, C)                                                  | everything else | | .npy     |
/// float32 (N, T, C)                                                  | a record array, one field per column  | | .csv
/// | a row per bar: window, bar, channels, label                        | a row per row                         | |
/// .parquet | a row per window: features (T lists of C), label, and other columns | a row per row |
///
/// Memory: 256 MB at most for windows, 64 K rows for the rest. Throws ConfigError (unknown suffix, a file that exists),
/// DataError, IoError.
ExportResult export_dataset(const std::filesystem::path& workspace, const DatasetId& id,
                            const std::filesystem::path& file, Overwrite overwrite = Overwrite::no);

}  // namespace moola::data
