#include "market/symbol_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/nearest.h"

namespace moola::market {
namespace {

constexpr auto kUnits =
    std::to_array<NamedChoice<CostUnit>>({{"ticks", CostUnit::ticks}, {"basis_points", CostUnit::basis_points}});
constexpr double kBasisPoint = 1e-4;

const SymbolCosts* find(std::string_view symbol, std::span<const SymbolCosts> table) {
  for (const SymbolCosts& line : table) {
    if (line.symbol == symbol) return &line;
  }
  return nullptr;
}

// A contract of an exchange, its costs in ticks.
SymbolCosts contract(std::string symbol, double tick_size, double tick_value, std::string currency, double commission,
                     double calm, double in_turmoil) {
  return {.symbol = std::move(symbol),
          .tick_size = tick_size,
          .tick_value = tick_value,
          .currency = std::move(currency),
          .unit = CostUnit::ticks,
          .commission = commission,
          .slippage_calm = calm,
          .slippage_volatile = in_turmoil};
}

// What is traded at a spread and a fee that follow the price.
SymbolCosts relative(std::string symbol, std::string currency, double commission, double calm, double in_turmoil) {
  return {.symbol = std::move(symbol),
          .currency = std::move(currency),
          .unit = CostUnit::basis_points,
          .commission = commission,
          .slippage_calm = calm,
          .slippage_volatile = in_turmoil};
}

}  // namespace

CostUnit parse_cost_unit(const std::string& name) {
  return parse_choice("unit =", name, kUnits);
}

std::string_view to_string(CostUnit unit) {
  return name_of(unit, kUnits);
}

TradeCost SymbolCosts::round_trip(Fills fills) const {
  const double all = commission + 2 * (fills == Fills::calm ? slippage_calm : slippage_volatile);
  if (unit == CostUnit::ticks) return {.price = all * tick_size, .share = 0};
  return {.price = 0, .share = all * kBasisPoint};
}

double SymbolCosts::round_trip_value(double price, Fills fills) const {
  const TradeCost cost = round_trip(fills);
  const double in_price = cost.price + cost.share * price;
  return tick_size > 0 ? in_price / tick_size * tick_value : in_price;
}

void check_symbol(const SymbolCosts& symbol) {
  if (symbol.symbol.empty()) throw ConfigError("a line of the symbol table has no symbol.");
  const auto bad = [](double value) { return !(value >= 0) || !std::isfinite(value); };
  for (const auto& [name, value] :
       {std::pair{"tick_size", symbol.tick_size}, std::pair{"tick_value", symbol.tick_value},
        std::pair{"commission", symbol.commission}, std::pair{"slippage_calm", symbol.slippage_calm},
        std::pair{"slippage_volatile", symbol.slippage_volatile}}) {
    if (bad(value))
      throw ConfigError(fmt::format("symbol {}: {} = {} must be 0 or above, and finite.", symbol.symbol, name, value));
  }
  if (symbol.unit == CostUnit::ticks && !(symbol.tick_size > 0 && symbol.tick_value > 0)) {
    throw ConfigError(fmt::format("symbol {}: costs in ticks need tick_size and tick_value above 0, found {} and {}.",
                                  symbol.symbol, symbol.tick_size, symbol.tick_value));
  }
}

std::span<const SymbolCosts> known_symbols() {
  static const std::vector<SymbolCosts> table{
      contract("MES", 0.25, 1.25, "USD", 0.5, 0.5, 1.0),  contract("ES", 0.25, 12.50, "USD", 0.4, 0.5, 1.0),
      contract("MNQ", 0.25, 0.50, "USD", 1.5, 1.0, 2.0),  contract("NQ", 0.25, 5.00, "USD", 0.9, 1.0, 2.0),
      contract("M2K", 0.10, 0.50, "USD", 1.5, 1.0, 2.0),  contract("RTY", 0.10, 5.00, "USD", 0.9, 1.0, 2.0),
      contract("MYM", 1.00, 0.50, "USD", 1.5, 1.0, 2.0),  contract("YM", 1.00, 5.00, "USD", 0.9, 1.0, 2.0),
      contract("MGC", 0.10, 1.00, "USD", 0.3, 0.75, 1.5), contract("GC", 0.10, 10.00, "USD", 0.5, 0.75, 1.5),
      contract("MCL", 0.01, 1.00, "USD", 1.5, 1.0, 2.0),  contract("CL", 0.01, 10.00, "USD", 0.5, 1.0, 2.0),
      contract("TX", 1.00, 200.00, "TWD", 1.5, 0.5, 1.0), contract("MTX", 1.00, 50.00, "TWD", 2.0, 0.5, 1.0),
      relative("BTCUSD", "USD", 20.0, 1.0, 3.0),          relative("ETHUSD", "USD", 20.0, 1.5, 4.0),
      relative("EURUSD", "USD", 0.6, 0.2, 0.6),           relative("GBPUSD", "USD", 0.6, 0.3, 0.8),
      relative("USDJPY", "JPY", 0.6, 0.2, 0.6),           relative("XAUUSD", "USD", 0.7, 0.5, 1.5),
      relative("SPXUSD", "USD", 0.0, 0.5, 1.5),           relative("NSXUSD", "USD", 0.0, 0.5, 1.5)};
  return table;
}

const SymbolCosts* find_symbol(std::string_view symbol, std::span<const SymbolCosts> own) {
  const SymbolCosts* const found = find(symbol, own);
  return found != nullptr ? found : find(symbol, known_symbols());
}

const SymbolCosts& symbol_costs(std::string_view symbol, std::span<const SymbolCosts> own) {
  if (const SymbolCosts* const found = find_symbol(symbol, own)) return *found;
  std::vector<std::string> names;
  for (const SymbolCosts& line : own) names.push_back(line.symbol);
  for (const SymbolCosts& line : known_symbols()) names.push_back(line.symbol);
  throw ConfigError(fmt::format("what trading {} costs is not known; there are {}.{}", symbol, fmt::join(names, ", "),
                                did_you_mean(symbol, names)));
}

}  // namespace moola::market
