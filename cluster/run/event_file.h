#pragma once
#include <filesystem>
#include <vector>

#include "base/json.h"

namespace moola::cluster {

/// Events, one JSON object a line, only ever added at the end: what a submission has done stays known whatever is
/// killed.
///
/// Appends `event` and makes it durable before it returns. A line that an earlier writer did not finish is closed
/// first. Throws IoError.
void append_event(const std::filesystem::path& file, const Json& event);

/// All events. A last line without its end, of a writer that was killed, is left out; no file: none. Throws DataError
/// with the line for one that is no JSON object, IoError.
std::vector<Json> read_events(const std::filesystem::path& file);

}  // namespace moola::cluster
