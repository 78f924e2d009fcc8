#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/tables/split_file.h"
#include "data/tables/table_rows.h"

namespace moola::data {

enum class TablePart : std::uint8_t { train, val, test };
/// "train".
std::string_view to_string(TablePart part);

/// Which part each file is by its name ("val_scaled.parquet", "x-test.csv"), when they are one of each: train and test,
/// with or without val. Nothing otherwise.
std::optional<std::vector<TablePart>> parts_of(std::span<const std::filesystem::path> files);

/// The split of a table that came as parts: row i (in the table's order) of part[i]. Rows whose label depends on a
/// later part's time are taken out. Throws LeakError when parts overlap in time or one is left empty.
SplitParts split_by_parts(const TableRows& rows, std::span<const TablePart> part);

}  // namespace moola::data
