#pragma once
#include <string_view>

#include "base/json.h"

namespace moola::work {

/// Parses JSON as Python writes it: NaN and the infinities, which stand there as bare words, become the texts that
/// json_number knows. Throws DataError like parse_json.
Json parse_python_json(std::string_view text, std::string_view where);

}  // namespace moola::work
