#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "market/features/scaler.h"

namespace moola::data {

/// The scales of a table's columns, and what they were fitted on: a file of its own, tied to the table and the split,
/// data/scalers/NAME.json. The table stays as it is; whoever reads it applies the scales, or fits others on a fold.
struct TableScaler {
  struct Rows {
    std::size_t begin, end;
  };
  std::string table = {}, table_sha256 = {};  // id and content hash; empty while the table is not written
  std::string split = {};                     // its name
  std::vector<Rows> fitted_on = {};           // rows of the table
  std::int64_t first = 0, last = 0;           // the times it has seen, both included
  double clip = 5;                            // scaled values stay within plus and minus this; 0: no limit
  std::vector<market::ColumnScale> columns = {};
};

Json to_json(const TableScaler& scaler);
/// Throws DataError naming `where` and the key for what is missing or of another type.
TableScaler scaler_from_json(const Json& json, const std::string& where);
/// Throws IoError, DataError.
TableScaler read_scaler(const std::filesystem::path& file);

}  // namespace moola::data
