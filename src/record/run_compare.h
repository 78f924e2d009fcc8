#pragma once
#include <filesystem>
#include <string>

#include "base/json.h"

namespace moola::record {

/// How two runs differ: {"a": id, "b": id, "config": [{key, a, b}…], "data": […], "metrics": [{name, a, b, change}…],
/// "environment": […]}. Equal keys are left out of all but "metrics", where every number that both or one of them have
/// is listed; `change` is (b - a) / |a|, null where that has no value. Values that one side lacks are null. Throws
/// IoError, DataError.
Json compare_runs(const std::filesystem::path& a, const std::filesystem::path& b);

/// A TOML document's values under dotted names, each as it would be written: {"train.lr": "0.001"}. Throws DataError
/// naming file and line.
Json flat_config(const std::filesystem::path& file);

/// compare_runs as tables for people.
std::string comparison_text(const Json& comparison);

}  // namespace moola::record
