#pragma once
#include "data/store/dataset.h"
#include "data/windows/window_table.h"

namespace moola::data {

/// Writes windows that passed their checks into a data set, labelled when the table has labels: docs/formats.md says as
/// what. Labels must be among `label_names` (std::logic_error). Throws IoError.
void write_window_table(DatasetWriter& writer, const WindowTable& table);

/// Reads labelled windows that are stored whole, to make a new version of them. Throws DataError when they are a view,
/// or hold something that a new version would lose.
WindowTable read_window_table(const DatasetReader& reader);

}  // namespace moola::data
