#include "work/prepare/barrier_rules.h"

#include <fmt/format.h>

#include "market/labels/barrier_table.h"
#include "work/prepare/label_costs.h"

namespace moola::work {

market::TripleBarrier with_manner(const PrepareConfig& config, const std::string& symbol, market::TripleBarrier rule) {
  rule.touch = market::parse_barrier_touch(config.labels.touch);
  rule.entry = market::parse_barrier_entry(config.labels.entry);
  rule.tie = market::parse_barrier_tie(config.labels.tie);
  if (config.labels.subtract_cost) {
    const market::TradeCost cost = round_trip_cost(config, symbol);
    rule.cost = cost.price;
    rule.cost_share = cost.share;
  }
  return rule;
}

market::TripleBarrier configured_rule(const PrepareConfig& config, const std::string& symbol, std::size_t horizon) {
  const auto& labels = config.labels;
  if (!labels.up.empty()) {
    return with_manner(config, symbol,
                       {.up = labels.up[horizon],
                        .down = labels.down[horizon],
                        .max_bars = static_cast<std::int32_t>(labels.max_bars[horizon])});
  }
  const int bars = static_cast<int>(labels.horizons[horizon]);
  return with_manner(
      config, symbol,
      labels.scale == "price" ? market::usual_percentage_barriers(bars) : market::usual_barriers(symbol, bars));
}

std::string no_barriers_to_search(const PrepareConfig& config) {
  return fmt::format("nothing to do: labels.strategy = \"{}\" has no barriers to search", config.labels.strategy);
}

Json rule_json(const market::TripleBarrier& rule) {
  return {{"up", rule.up}, {"down", rule.down}, {"max_bars", rule.max_bars}};
}

market::TripleBarrier rule_of(const PrepareConfig& config, const std::string& symbol, const Json& json) {
  return with_manner(config, symbol,
                     {.up = json.at("up").get<double>(),
                      .down = json.at("down").get<double>(),
                      .max_bars = json.at("max_bars").get<std::int32_t>()});
}

}  // namespace moola::work
