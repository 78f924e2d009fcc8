#pragma once
#include <cstdint>
#include <optional>

#include "data/bars/csv_layout.h"
#include "data/bars/raw_bars.h"
#include "data/files/byte_source.h"

namespace moola::data {

/// Reads a CSV file row by row; every row that cannot be used is counted in `report` by its cause, with its true line.
/// `file` is the number of the input in row origins. About 100 MB/s; memory: the bars.
/// Throws IoError, DataError (the source is damaged).
RawFile read_csv(ByteSource& source, const CsvLayout& layout, std::uint32_t file, const RowChoice& choice,
                 market::FaultReport& report);

/// Reads a CSV file as typed columns on all cores, several times faster; nothing unless every single row is of the
/// layout's form: then read_csv tells what is wrong. Rows get no origins. Only for files without contracts.
std::optional<RawFile> read_csv_fast(ByteSource& source, const CsvLayout& layout);

/// Whether read_csv_fast knows files of this layout. Not where there are quotes: a line end between two of them ends a
/// row here and none there.
bool is_fast(const CsvLayout& layout);

}  // namespace moola::data
