#pragma once
#include <map>
#include <string>
#include <vector>

#include "market/symbol_table.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// "BTCUSD=0.1%", "MES=0.625", by symbol. Throws ConfigError for another form, or a symbol named twice.
std::map<std::string, market::TradeCost> parse_label_costs(const std::vector<std::string>& texts);

/// What a round trip in `symbol` costs: what labels.costs says; else the file of labels.symbols; else the table of
/// symbols; else nothing.
market::TradeCost round_trip_cost(const PrepareConfig& config, const std::string& symbol);

}  // namespace moola::work
