#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "market/labels/triple_barrier.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// The barriers that the configuration gives a horizon of a symbol: its own, or the table's of usual ones. What is not
/// theirs to say (touch, entry, tie) is as configured.
market::TripleBarrier configured_rule(const PrepareConfig& config, const std::string& symbol, std::size_t horizon);

/// `rule` with touch, entry, tie and, where it is to be subtracted, the cost as configured.
market::TripleBarrier with_manner(const PrepareConfig& config, const std::string& symbol, market::TripleBarrier rule);

/// What stages of the search say where there is nothing to search for.
std::string no_barriers_to_search(const PrepareConfig& config);

/// {"up", "down", "max_bars"}, and back with the rest as configured.
Json rule_json(const market::TripleBarrier& rule);
market::TripleBarrier rule_of(const PrepareConfig& config, const std::string& symbol, const Json& json);

}  // namespace moola::work
