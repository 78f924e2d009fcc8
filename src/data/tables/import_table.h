#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/store/dataset_id.h"
#include "data/tables/feature_table_file.h"
#include "data/tables/table_columns.h"

namespace moola::data {

/// What becomes of features that are no finite number.
enum class MissingValues : std::uint8_t { refuse, keep };

struct TableImport {
  std::vector<std::filesystem::path> files = {};
  std::string name = {};  // empty: the file's; of parts, their folder's
  int version = 0;        // 0: the next
  ColumnChoice columns = {};
  std::string symbol_name = {};  // of a table without a column for it; empty: the data set's name
  std::string timezone = "UTC";  // of stamps that say none
  std::map<std::string, std::int8_t> label_values = {};  // what values of the labels mean; empty: -1, 0, 1 and -99
  std::int32_t label_bars = 0;  // where there is no t1: the label depends on so many rows after its own; 0: unknown
  std::optional<std::int64_t> max_gap = {};  // ns; above it a segment ends; nothing: ten times the usual distance
  bool any_gap = false;                      // segments end at symbols only
  MissingValues missing = MissingValues::refuse;
  std::optional<bool> scaled = {};  // nothing: when a file's name says so
  FeaturePrecision precision = FeaturePrecision::float64;
  std::string split_name = {};  // of files that are parts; empty: NAME-vN
};

struct TableImportResult {
  DatasetId id;
  std::filesystem::path file;
  std::string content_sha256;
  std::uint64_t rows = 0, segments = 0, reordered = 0;
  std::vector<std::string> features, symbols, horizons;      // horizons: "20: label_h20, t1 label_end_time_h20"
  std::map<std::string, std::uint64_t> not_finite;           // values of each feature that has any
  std::map<std::string, std::vector<std::string>> left_out;  // columns by reason
  std::vector<std::string> notes;
  bool scaled = false;
  Json split;  // null, or {name, file, train, val, test, purged}
};

/// Stores somebody's table of features (Parquet or CSV, several files with the same columns) as a feature_table. Rows
/// are put in the order of time and symbol.
///
/// Files whose names say train, val and test are parts: their rows become one table, and the ranges of the parts a
/// split in data/splits. Rows of a part whose label depends on a later part are left out of the split, and counted. The
/// table's pedigree is unknown.
///
/// Memory: the files' columns as Arrow holds them. Throws ConfigError, DataError (file, column and row of what is
/// wrong), LeakError (parts that overlap in time, or one that would be empty), IoError.
TableImportResult import_table(const std::filesystem::path& workspace, const TableImport& options);

}  // namespace moola::data
