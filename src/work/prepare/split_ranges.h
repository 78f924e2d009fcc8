#pragma once
#include <vector>

#include "base/json.h"
#include "validation/chronological_split.h"
#include "work/prepare/table_layout.h"

namespace moola::work {

/// The parts that the stage `splits` wrote.
validation::ChronologicalSplit split_ranges(const Json& splits);

/// The values of a feature in these rows of a table. The features of its symbols are in the bench's memory; may be
/// called from several threads then.
void gather_rows(Workbench& bench, const TableLayout& layout, std::size_t column,
                 const std::vector<validation::RowRange>& rows, std::vector<double>& values);

}  // namespace moola::work
