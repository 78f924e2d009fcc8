#pragma once
#include <map>
#include <string>
#include <vector>

#include "market/symbol_table.h"

namespace moola::work {

/// "BTCUSD=0.1%", "MES=0.625", by symbol. Throws ConfigError for another form, or a symbol named twice.
std::map<std::string, market::TradeCost> parse_label_costs(const std::vector<std::string>& texts);

/// What a round trip in `symbol` costs: what was configured; else what the table of symbols says; else nothing.
market::TradeCost cost_of(const std::string& symbol, const std::map<std::string, market::TradeCost>& configured);

}  // namespace moola::work
