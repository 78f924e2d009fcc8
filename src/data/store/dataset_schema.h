#pragma once
#include <string>

#include "data/store/hdf5.h"

namespace moola::data {

/// Makes sure that a file is of the kind and schema version this program reads, and has the data sets and attributes
/// that the kind demands, with their types, axes and equal lengths. Throws DataError that names the file and what is
/// missing. Cost: no data are read. Source: docs/formats.md.
void check_schema(const hdf5::File& file, const std::string& kind);

}  // namespace moola::data
