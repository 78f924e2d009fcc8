#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace moola {

/// JSON that keeps the order in which keys were added, so that files read as they were thought of and repeat byte for byte.
using Json = nlohmann::ordered_json;

/// Parses `text`; `where` (a file, an attribute) is named in the DataError when it is no JSON.
Json parse_json(std::string_view text, std::string_view where);

/// Reads a JSON file. Throws IoError, DataError.
Json read_json(const std::filesystem::path& file);

}  // namespace moola
