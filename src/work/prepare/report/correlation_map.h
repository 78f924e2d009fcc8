#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "record/html.h"

namespace moola::work {

/// A drawing of all correlations: the lower half of a square, a cell per pair, warm above 0 and cool below, strong
/// where strong. `hundredths`: row i holds those of column i with the columns before it. Cells with less than 0.15 stay
/// empty.
record::Html correlation_map(const std::vector<std::string>& columns, const Json& hundredths);

}  // namespace moola::work
