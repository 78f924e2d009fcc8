#pragma once
#include <string>
#include <vector>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// What a symbol's price moves by and what trading it costs.
struct SymbolCosts {
  std::string symbol;
  double tick_size = 0;                             // in price: one tick of MES is 0.25 points
  double tick_value = 0;                            // in account currency, of one contract
  double commission = 0;                            // of a round trip, in ticks
  double slippage_calm = 0, slippage_volatile = 0;  // of one fill, in ticks

  /// Of a round trip, in price: commission and two fills.
  double round_trip(bool is_volatile = false) const {
    return (commission + 2 * (is_volatile ? slippage_volatile : slippage_calm)) * tick_size;
  }
};

/// Those that come with Moola: MES and MGC. Others are configured.
const std::vector<SymbolCosts>& known_symbols();
/// Null when it is not known.
const SymbolCosts* find_symbol(const std::string& symbol);

/// Barriers in ATR for a horizon in bars: from a table for MES and MGC at 1, 5, 10, 15 and 20 bars and for any other
/// symbol at 5, 10, 15 and 20; else 0.8 + 0.4 log2(horizon) ATR on both sides, within [0.5, 4], and 2.5 horizons of
/// bars, within [5, 300]. Throws ConfigError for a horizon below 1. Source: reference factory.md 1.5.
TripleBarrier usual_barriers(const std::string& symbol, int horizon);

/// Barriers as shares of the price, for horizons 1, 5 and 20. Throws ConfigError for others.
TripleBarrier usual_percentage_barriers(int horizon);

}  // namespace moola::market
