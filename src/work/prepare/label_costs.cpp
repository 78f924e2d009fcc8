#include "work/prepare/label_costs.h"

#include "work/labels/configured_costs.h"

namespace moola::work {

market::TradeCost round_trip_cost(const PrepareConfig& config, const std::string& symbol) {
  return round_trip_cost(symbol, config.labels.costs, "labels.costs", config.labels.own_symbols);
}

}  // namespace moola::work
