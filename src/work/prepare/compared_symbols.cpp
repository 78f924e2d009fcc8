#include "work/prepare/compared_symbols.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "data/store/dataset_id.h"

namespace moola::work {
namespace {

std::string symbol_of(const std::string& bars) {
  return data::parse_dataset_id(bars, "bars").name;
}

// Which bars stand for which symbol in data.bars.
std::map<std::string, std::string> prepared_bars(const PrepareConfig& config) {
  std::map<std::string, std::string> out;
  for (const std::string& bars : config.data.bars)
    out.emplace(symbol_of(bars), to_string(data::parse_dataset_id(bars, "bars")));
  return out;
}

void check_others(const PrepareConfig& config) {
  const auto prepared = prepared_bars(config);
  std::set<std::string> symbols;
  for (const std::string& bars : config.cross_asset.others) {
    const std::string symbol = symbol_of(bars);
    if (!symbols.insert(symbol).second) {
      throw ConfigError(
          fmt::format("cross_asset.others names {} twice. Columns compare with one version of a symbol.", symbol));
    }
    const auto own = prepared.find(symbol);
    if (own == prepared.end()) continue;
    if (own->second != to_string(data::parse_dataset_id(bars, "bars"))) {
      throw ConfigError(fmt::format("cross_asset.others names {}, and data.bars {}; give the same version of a symbol.",
                                    bars, own->second));
    }
    if (prepared.size() == 1) {
      throw ConfigError(
          fmt::format("cross_asset.others names {}, which would be compared with itself; name another symbol.", bars));
    }
    if (config.data.multi_symbol) {
      throw ConfigError(fmt::format(
          "cross_asset.others names {}, whose own rows are in the table too, and would be compared with themselves. "
          "Leave it out of data.bars, or set data.multi_symbol = false: then each symbol's table compares with the "
          "others.",
          bars));
    }
  }
}

// A column that names the symbol that it is computed of.
void check_not_itself(const PrepareConfig& config, const std::string& symbol) {
  std::vector<std::string> all = compared_symbols(config, symbol);
  if (all.size() == config.cross_asset.others.size()) return;
  all.push_back(symbol);
  const auto definitions = market::parse_feature_definitions(config.features.definitions);
  for (const std::string& name : config.features.columns) {
    if (!name.starts_with("cross_") || name.ends_with('*')) continue;
    if (market::parse_feature(name, definitions, all).column.other != symbol) continue;
    throw ConfigError(
        fmt::format("features.columns: {} would compare {} with itself in its own table. Name it by its beginning, "
                    "such as \"cross_*\", which stands for the other symbols of each table.",
                    name, symbol));
  }
}

}  // namespace

std::vector<std::string> compared_symbols(const PrepareConfig& config, const std::string& symbol) {
  std::vector<std::string> out;
  for (const std::string& bars : config.cross_asset.others) {
    if (std::string other = symbol_of(bars); other != symbol) out.push_back(std::move(other));
  }
  return out;
}

std::vector<std::string> bars_for_comparison(const PrepareConfig& config) {
  const auto prepared = prepared_bars(config);
  std::vector<std::string> out;
  for (const std::string& bars : config.cross_asset.others) {
    if (!prepared.contains(symbol_of(bars))) out.push_back(bars);
  }
  return out;
}

std::vector<market::Feature> columns_of_symbol(const PrepareConfig& config, const std::string& symbol) {
  std::vector<market::Feature> out;
  naming_key("features.columns", [&] {
    out =
        market::parse_features(config.features.columns, market::parse_feature_definitions(config.features.definitions),
                               compared_symbols(config, symbol));
  });
  return out;
}

void check_cross_asset(const PrepareConfig& config, ConfigSchema& schema) {
  const auto& others = config.cross_asset.others;
  if (others.empty()) {
    if (schema.given("cross_asset.max_age"))
      throw ConfigError("cross_asset.max_age has no meaning where cross_asset.others is empty. Leave one of them out.");
    schema.leave_out("cross_asset.max_age");
  }
  if (!others.empty() && config.clean.sampling != "time") {
    throw ConfigError(
        fmt::format("cross_asset.others compares bars by the clock, which those of clean.sampling = "
                    "\"{}\" do not keep.",
                    config.clean.sampling));
  }
  check_others(config);
  std::set<std::string> unused;
  for (const std::string& bars : others) unused.insert(symbol_of(bars));
  for (const auto& [symbol, bars] : prepared_bars(config)) {
    check_not_itself(config, symbol);
    for (const market::Feature& feature : columns_of_symbol(config, symbol)) unused.erase(feature.column.other);
  }
  if (!unused.empty()) {
    throw ConfigError(fmt::format(
        "cross_asset.others names {}, and no column of features.columns compares with it: add \"cross_*\", or leave it "
        "out.",
        fmt::join(unused, ", ")));
  }
}

}  // namespace moola::work
