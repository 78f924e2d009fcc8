#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/tables/joined_tables.h"
#include "data/tables/table_rows.h"

namespace moola::data {

/// Labels by what the texts of their values mean; kInvalidLabel where there is no value. Throws DataError naming file,
/// row and value where it means nothing.
std::vector<std::int8_t> read_labels(const JoinedTables& sources, const std::string& column,
                                     const std::map<std::string, std::int8_t>& meaning);

/// The last stamps that labels depend on; kNoTime where there is no label. Throws DataError where a label has none,
/// or one before its row's own time.
std::vector<std::int64_t> read_label_ends(const JoinedTables& sources, const std::string& column, const TimeZone& zone,
                                          std::span<const std::int8_t> label, std::span<const std::int64_t> time);

/// Weights of samples; 0 where there is neither weight nor label. Throws DataError for a negative one, or none.
std::vector<float> read_weights(const JoinedTables& sources, const std::string& column,
                                std::span<const std::int8_t> label);

/// The median distance of neighbouring rows of a symbol, ns; 0 when no symbol has two.
std::int64_t usual_distance(const TableRows& rows);

/// Where labels end that look `bars` rows ahead: the stamp of that row of the same symbol; behind the last one, as if
/// rows went on at the usual distance.
std::vector<std::int64_t> label_ends_after(const TableRows& rows, std::span<const std::int8_t> label,
                                           std::int32_t bars);

}  // namespace moola::data
