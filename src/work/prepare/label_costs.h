#pragma once
#include <map>
#include <string>
#include <vector>

#include "market/symbol_table.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// What a round trip in `symbol` costs: what labels.costs says; else the file of labels.symbols; else the table of
/// symbols; else nothing.
market::TradeCost round_trip_cost(const PrepareConfig& config, const std::string& symbol);

}  // namespace moola::work
