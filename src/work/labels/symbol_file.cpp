#include "work/labels/symbol_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/config.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/toml.h"
#include "base/toml_text.h"

namespace moola::work {
namespace {

using market::SymbolCosts;

constexpr const char* kCosts[] = {"commission", "slippage_calm", "slippage_volatile"};

// A line as it is read: the unit is a text until it is known to be one.
struct Line {
  SymbolCosts costs;
  std::string unit;
};

void bind(ConfigSchema& schema, Line& line) {
  schema.table(line.costs.symbol, "");
  schema.key("unit", line.unit).choices({"ticks", "basis_points"});
  schema.key("tick_size", line.costs.tick_size).above(0);
  schema.key("tick_value", line.costs.tick_value).above(0);
  schema.key("currency", line.costs.currency);
  schema.key("commission", line.costs.commission).at_least(0);
  schema.key("slippage_calm", line.costs.slippage_calm).at_least(0);
  schema.key("slippage_volatile", line.costs.slippage_volatile).at_least(0);
}

// What is known of a symbol holds until the file says otherwise.
Line known_line(const std::string& symbol) {
  if (const SymbolCosts* const known = market::find_symbol(symbol))
    return {*known, std::string(market::to_string(known->unit))};
  SymbolCosts fresh;
  fresh.symbol = symbol;
  return {std::move(fresh), ""};
}

// Costs of Moola's table are in its unit, and a symbol that is not there has none.
void check_complete(const toml::table& said, const Line& line, const std::string& where) {
  const SymbolCosts* const known = market::find_symbol(line.costs.symbol);
  if (known == nullptr && !said.contains("unit")) {
    throw ConfigError(fmt::format(
        "{}: {} is no symbol that Moola knows: say the unit of its costs, unit = \"ticks\" or \"basis_points\".", where,
        line.costs.symbol));
  }
  const bool same_unit = known != nullptr && market::to_string(known->unit) == line.unit;
  for (const char* key : kCosts) {
    if (same_unit || said.contains(key)) continue;
    throw ConfigError(fmt::format("{}: {}.{} is missing: {}.", where, line.costs.symbol, key,
                                  known == nullptr
                                      ? "Moola knows no costs of this symbol"
                                      : fmt::format("what Moola knows of this symbol is in {}, and its unit is {} here",
                                                    market::to_string(known->unit), line.unit)));
  }
}

}  // namespace

std::vector<SymbolCosts> parse_symbol_file(const std::string& text, const std::string& where, const std::string& job) {
  const toml::table document = parse_toml(text, where);
  if (document.empty()) {
    throw ConfigError(fmt::format(
        "{} is empty. It holds a table per symbol, such as [MES] with commission = 1.5; configs/symbols.toml is an "
        "example.",
        where));
  }
  std::vector<Line> lines;
  lines.reserve(document.size());  // the schema keeps addresses
  ConfigSchema schema(job);
  for (const auto& [key, node] : document) {
    const std::string symbol(key.str());
    if (!node.is_table()) {
      throw ConfigError(fmt::format("{}, line {}: {} stands outside of a symbol's table; write [SYMBOL] above it.",
                                    where, node.source().begin.line, symbol));
    }
    lines.push_back(known_line(symbol));
    bind(schema, lines.back());
  }
  schema.load(std::nullopt, {}, ShippedConfig{.name = where, .text = text});
  std::vector<SymbolCosts> out;
  for (Line& line : lines) {
    const toml::table& said = *document[line.costs.symbol].as_table();
    const std::string here = fmt::format("{}, line {}", where, said.source().begin.line);
    check_complete(said, line, here);
    line.costs.unit = market::parse_cost_unit(line.unit);
    naming_key(here, [&] { market::check_symbol(line.costs); });
    out.push_back(std::move(line.costs));
  }
  return out;
}

std::vector<SymbolCosts> read_symbol_file(const std::filesystem::path& file, const std::string& job) {
  return parse_symbol_file(read_file(file), file.string(), job);
}

std::string symbol_text(const SymbolCosts& symbol) {
  std::string out = fmt::format("[{}]\n", toml_quoted(symbol.symbol));
  const auto add = [&](const char* key, const std::string& value) { out += fmt::format("{} = {}\n", key, value); };
  add("unit", toml_quoted(std::string(market::to_string(symbol.unit))));
  if (symbol.tick_size > 0) add("tick_size", toml_number(symbol.tick_size));
  if (symbol.tick_value > 0) add("tick_value", toml_number(symbol.tick_value));
  add("currency", toml_quoted(symbol.currency));
  add("commission", toml_number(symbol.commission));
  add("slippage_calm", toml_number(symbol.slippage_calm));
  add("slippage_volatile", toml_number(symbol.slippage_volatile));
  return out;
}

void check_symbols_named(const std::vector<SymbolCosts>& own, const std::vector<std::string>& symbols,
                         const std::string& option) {
  std::vector<std::string> names;
  for (const SymbolCosts& line : own) names.push_back(line.symbol);
  const bool any = std::any_of(symbols.begin(), symbols.end(), [&](const std::string& symbol) {
    return std::find(names.begin(), names.end(), symbol) != names.end();
  });
  if (any) return;
  throw ConfigError(fmt::format("{} has no table of {}; it has {}.{}", option, fmt::join(symbols, ", "),
                                fmt::join(names, ", "), did_you_mean(symbols.front(), names)));
}

}  // namespace moola::work
