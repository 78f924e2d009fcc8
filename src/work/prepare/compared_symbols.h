#pragma once
#include <string>
#include <vector>

#include "market/features/feature.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// The symbols of cross_asset.others that columns of `symbol` may compare with: all but itself.
std::vector<std::string> compared_symbols(const PrepareConfig& config, const std::string& symbol);

/// Those of cross_asset.others that are not among data.bars, as they are written there: bars that are cleaned for
/// comparison alone.
std::vector<std::string> bars_for_comparison(const PrepareConfig& config);

/// The columns of the table of `symbol`, one of data.bars. Throws ConfigError.
std::vector<market::Feature> columns_of_symbol(const PrepareConfig& config, const std::string& symbol);

/// How [cross_asset] fits what is to be prepared and its columns. Throws ConfigError naming the key.
void check_cross_asset(const PrepareConfig& config, ConfigSchema& schema);

}  // namespace moola::work
