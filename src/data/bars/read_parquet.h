#pragma once
#include <cstdint>
#include <filesystem>

#include "data/bars/raw_bars.h"

namespace moola::data {

/// Whether a file's first bytes are Parquet's.
bool is_parquet(std::string_view first_bytes);

/// Reads the bars of a Parquet file, one row group at a time. Columns are found by the names of csv_layout.h (or, for
/// the time, an unnamed pandas index); stamps may be timestamps, dates, integers or texts; numbers of any type. Row
/// origins are rows, from 1. Throws DataError.
RawFile read_parquet(const std::filesystem::path& path, std::uint32_t file, const RowChoice& choice,
                     market::FaultReport& report);

}  // namespace moola::data
