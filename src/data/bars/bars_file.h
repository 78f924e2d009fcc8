#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "data/store/dataset.h"
#include "market/bars.h"

namespace moola::data {

/// What a bars file says about its bars besides their numbers.
struct BarsInfo {
  std::string symbol;
  std::int64_t bar_seconds = 0;  // the usual distance of neighbouring stamps
  std::string source_timezone;   // of the stamps that were imported; what is stored is UTC
};

/// Bars with their pedigree, whole in memory (49 bytes a bar).
struct StoredBars {
  DatasetId id;
  std::string content_sha256;
  BarsInfo info;
  market::Bars bars;
};

/// Reads bars/SYMBOL/vN. Throws IoError, DataError (damaged, wrong schema, stamps that do not increase).
StoredBars read_bars(const std::filesystem::path& workspace, const DatasetId& id);
/// The same from a parent's record, whose hash must still be that of the file; `child` is named in the error.
StoredBars read_bars(const std::filesystem::path& workspace, const Parent& parent, std::string_view child);

/// The same from a file that is no version of a data set, such as a stage's; without an id.
StoredBars read_bars(const std::filesystem::path& file);

/// Puts bars and their attributes into a file being written. Stamps must increase strictly (std::logic_error).
void write_bars(ContentFile& file, const market::Bars& bars, const BarsInfo& info);
void write_bars(DatasetWriter& writer, const market::Bars& bars, const BarsInfo& info);

}  // namespace moola::data
