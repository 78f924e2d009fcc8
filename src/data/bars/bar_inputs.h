#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/bars/raw_bars.h"

namespace moola::data {

/// Everything that was read for one import.
struct BarInputs {
  struct Input {
    std::string name;  // of the file; "archive:member" in an archive
    RawFile rows;
  };
  std::vector<Input> inputs;       // RowOrigin::file is an index into these
  std::vector<Json> sources;       // per file: name, bytes, sha256
  market::FaultReport unreadable;  // rows that could not be taken in
  bool fast = false;               // some rows have no origins
};

/// Reads files of any known form: CSV and archives of CSV files, plain or compressed, and Parquet. With `careful` every
/// row has its origin; otherwise files without a fault are read fast, without. Throws ConfigError, DataError, IoError.
BarInputs read_bar_inputs(std::span<const std::filesystem::path> files, const RowChoice& choice, bool careful);

}  // namespace moola::data
