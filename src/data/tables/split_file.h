#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/store/dataset.h"
#include "validation/row_range.h"
#include "validation/separation.h"

namespace moola::data {

/// Rows as JSON: [[begin, end], …]; and back. Throws what Json throws for what is none.
Json ranges_json(std::span<const validation::RowRange> ranges);
std::vector<validation::RowRange> read_ranges(const Json& json);
/// {"unit": "bars" | "time" | "fraction", "value": …}.
Json separation_json(const validation::Separation& separation);

/// Rows of a data set that one split gives to each part, and those it had to leave out.
struct SplitParts {
  std::vector<validation::RowRange> train, val, test, purged, embargoed;
};

/// What a splits file says: data/splits/NAME.json.
struct SplitRecord {
  std::string name = {};
  Parent data = {};           // whose rows are meant, with its content hash
  std::string strategy = {};  // walk-forward, cpcv, purged-kfold, chronological
  Json purge = {{"unit", "bars"}, {"value", 0}}, embargo = {{"unit", "bars"}, {"value", 0}};
  std::uint64_t seed = 0;
  std::vector<SplitParts> splits = {};
  std::vector<std::string> notes = {};
};

/// The keys of docs/formats.md that the split itself determines: all but `created_by` and `created_at`.
Json to_json(const SplitRecord& split);

/// WORKSPACE/data/splits/NAME.json.
std::filesystem::path split_path(const std::filesystem::path& workspace, const std::string& name);

/// Reads one back: what `write_split` wrote, and files of others whose parts are lists of row numbers or that have
/// `train_indices`, `val_indices`, `test_indices` of one split. Throws ConfigError where there is none (naming the
/// nearest), DataError naming the file and the place for what is no split, LeakError for one that says of itself that
/// it is random or shuffled, whose rows are not in order, or that gives a row to two parts.
SplitRecord read_split(const std::filesystem::path& workspace, const std::string& name);
/// The same of a file's content; `where` begins messages.
SplitRecord split_from_json(const Json& json, const std::string& name, const std::string& where);

/// The same, of this data set in this content, which has so many rows: DataError for one of another, and for rows that
/// are not there.
SplitRecord read_split_of(const std::filesystem::path& workspace, const std::string& name, const Parent& data,
                          std::size_t rows);

/// Writes it: the keys of docs/formats.md, ranges as [begin, end), and `created_by` and `created_at`. Throws
/// ConfigError for a name that is no file's, or one that is taken and not to be overwritten; IoError.
void write_split(const std::filesystem::path& workspace, const SplitRecord& split, Overwrite overwrite = Overwrite::no);

}  // namespace moola::data
