#pragma once
#include <map>
#include <string>
#include <vector>

#include "market/symbol_table.h"

namespace moola::work {

/// "BTCUSD=0.1%", "MES=0.625", by symbol: what a round trip costs, as a share or in price. Throws ConfigError,
/// beginning with `key`, for another form, or a symbol named twice.
std::map<std::string, market::TradeCost> parse_costs(const std::vector<std::string>& texts, const std::string& key);

/// What a round trip in `symbol` costs: what `texts` say; else the user's own lines; else the table of symbols; else
/// nothing. Throws as parse_costs.
market::TradeCost round_trip_cost(const std::string& symbol, const std::vector<std::string>& texts,
                                  const std::string& key, const std::vector<market::SymbolCosts>& own);

}  // namespace moola::work
