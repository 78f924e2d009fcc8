#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace moola {

/// JSON that keeps the order in which keys were added, so that files read as they were thought of and repeat byte for
/// byte.
using Json = nlohmann::ordered_json;

/// Parses `text`; `where` (a file, an attribute) is named in the DataError when it is no JSON, when an object has a key
/// twice, or when it is nested more than 200 levels deep.
Json parse_json(std::string_view text, std::string_view where);

/// Reads a JSON file. Throws IoError, DataError.
Json read_json(const std::filesystem::path& file);

/// `value` as text, on one line or, with `indent` spaces per level, on many. The same value always gives the same
/// bytes: numbers in their shortest form that reads back exactly, and what JSON has no number for as the texts "NaN",
/// "Infinity" and "-Infinity".
std::string json_text(const Json& value, int indent = 0);

/// The number that json_text wrote, also "NaN" and its kin; nothing when `value` is no number.
std::optional<double> json_number(const Json& value);

}  // namespace moola
