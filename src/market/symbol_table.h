#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::market {

/// What commission and slippage are counted in.
enum class CostUnit : std::uint8_t {
  ticks,         // futures
  basis_points,  // of the price: currencies, crypto, indices quoted by brokers
};
/// "ticks", "basis_points". Throws ConfigError naming the nearest.
CostUnit parse_cost_unit(const std::string& name);
std::string_view to_string(CostUnit unit);

/// A part that is the same at any price, and one that grows with it.
struct TradeCost {
  double price = 0;  // in price
  double share = 0;  // of the entry price
};

/// How calm the market is that fills an order.
enum class Fills : std::uint8_t { calm, volatile_market };

/// What a symbol's price moves by and what trading it costs.
struct SymbolCosts {
  std::string symbol;
  double tick_size = 0;   // in price: 0.25 points of MES; 0: not known, or none
  double tick_value = 0;  // what a tick is worth, of one contract (unit, coin), in `currency`
  std::string currency;
  CostUnit unit = CostUnit::ticks;                  // of what follows
  double commission = 0;                            // of a round trip: fees and taxes of both fills
  double slippage_calm = 0, slippage_volatile = 0;  // of one fill

  /// Commission and two fills.
  TradeCost round_trip(Fills fills = Fills::calm) const;
  /// The same in `currency`, of one contract that is entered at `price`.
  double round_trip_value(double price, Fills fills = Fills::calm) const;
};

/// Throws ConfigError for a line that cannot be: no name, numbers below 0, ticks of no size or value.
void check_symbol(const SymbolCosts& symbol);

/// Those that come with Moola: tick sizes and values are the exchanges'; commissions and slippages are what is usual
/// for single contracts and small accounts, and differ by broker. MES and MGC: reference factory.md 1.5, whose dollars
/// per tick are taken for what they are, not for points.
std::span<const SymbolCosts> known_symbols();

/// The line of `symbol`, first of `own` (a user's table), then of those that come with Moola. Null when there is none.
const SymbolCosts* find_symbol(std::string_view symbol, std::span<const SymbolCosts> own = {});
/// The same; throws ConfigError that names the nearest and all.
const SymbolCosts& symbol_costs(std::string_view symbol, std::span<const SymbolCosts> own = {});

}  // namespace moola::market
