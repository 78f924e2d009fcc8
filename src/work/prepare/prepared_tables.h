#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "work/prepare/prepare_config.h"
#include "work/prepare/stage.h"

namespace moola::work {

/// The data sets of data.bars, and after them those that they are compared with alone. Throws IoError, ConfigError and
/// DataError for what is none in the workspace, and as extent_of and check_extents for bars that can't do.
std::vector<PreparedSymbol> find_symbols(const std::filesystem::path& workspace, const PrepareConfig& config);

/// The names of the tables that a configuration makes, with their symbols by places in data.bars.
std::vector<StageUnit> prepared_tables(const PrepareConfig& config);

/// "BTCUSD-5m": what a run with this configuration is called.
std::string prepare_run_name(const PrepareConfig& config);

}  // namespace moola::work
