#pragma once
#include "base/duration.h"
#include "data/bars/bars_file.h"

namespace moola::data {

/// Bars, put together into longer ones when `timeframe` is not 0; their id and hash stay those of the data set. Throws
/// ConfigError when `timeframe` is no multiple of theirs.
StoredBars read_bars_at(const std::filesystem::path& workspace, const std::string& id, Duration timeframe);

}  // namespace moola::data
