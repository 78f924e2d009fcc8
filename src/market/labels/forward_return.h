#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// A trade that lasts a fixed number of bars, whatever happens.
struct Holding {
  std::int32_t bars = 20;  // from the bar that decides to the one at whose close it ends
  BarrierEntry entry = BarrierEntry::close;
};

/// Throws ConfigError for a holding below one bar, std::invalid_argument for columns of unequal length.
void check_holding(const PriceSpans& prices, const Holding& holding);

/// What a trade that bar i decides on is entered at: its close, or the next bar's open (NaN for the last bar, which has
/// no next).
std::vector<double> entry_prices(const PriceSpans& prices, BarrierEntry entry);

enum class ReturnKind : std::uint8_t { simple, logarithmic };

/// What the holding that each bar decides on returns: exit / entry - 1, or the logarithm of exit / entry. NaN for the
/// last `holding.bars` bars. Cost 1 ns a bar, 4 for logarithms. Throws as check_holding does.
std::vector<double> forward_returns(const PriceSpans& prices, const Holding& holding,
                                    ReturnKind kind = ReturnKind::simple);

}  // namespace moola::market
