#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace moola::cluster {

/// The text of `key` in a record of a run. Throws DataError with `what`, such as a file's name, where there is none.
std::string text_at(const Json& record, const char* key, std::string_view what);

}  // namespace moola::cluster
