#include "market/features/feature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/duration.h"
#include "base/error.h"
#include "base/nearest.h"

namespace moola::market {
namespace {

// "rsi_14_15m" is "rsi_14" of "15m".
struct Parts {
  std::string column, timeframe;
};
std::optional<Parts> split(const std::string& name) {
  const std::size_t at = name.rfind('_');
  if (at == std::string::npos || at + 2 >= name.size()) return std::nullopt;
  const std::string last = name.substr(at + 1);
  const bool unit = last.back() == 'm' || last.back() == 'h' || last.back() == 'd' || last.back() == 'w';
  if (!unit || !std::all_of(last.begin(), last.end() - 1, [](unsigned char c) { return std::isdigit(c) != 0; }))
    return std::nullopt;
  return Parts{name.substr(0, at), last};
}

// What the factory's name of a column of longer bars computes there.
std::string factory_d28_column(const std::string& name) {
  if (name == "macd_hist") return "d28_macd_hist";
  if (name == "close_sma20_ratio") return "d28_close_sma_ratio_20";
  for (const char* kind : {"ema_", "rsi_", "atr_"}) {
    if (name.starts_with(kind)) return "d28_" + name;
  }
  return name;
}

// All columns with their usual parameters that begin so; what is there for compatibility alone must be asked for by
// name.
std::vector<std::string> columns_beginning(const std::string& beginning, std::span<const std::string> others) {
  std::vector<std::string> out;
  const auto add = [&](const std::vector<Indicator>& table, const std::string& other) {
    for (const Indicator& indicator : table) {
      for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
        const IndicatorColumn column{
            .indicator = &indicator, .values = usual_values(indicator), .output = output, .other = other};
        const std::string name = column.name();
        if (name.starts_with(beginning) && name.starts_with("d28_") == beginning.starts_with("d28_"))
          out.push_back(name);
      }
    }
  };
  add(indicators(), {});
  for (const std::string& other : others) add(cross_asset_indicators(), other);
  return out;
}

constexpr const char* kHowToCompare = "--others of moola features, and cross_asset.others of moola prepare, name them";

void check_other(const std::string& name, const std::string& other, std::span<const std::string> others) {
  if (std::find(others.begin(), others.end(), other) != others.end()) return;
  if (others.empty()) {
    throw ConfigError(fmt::format("column {} compares with {}, and there are no bars of other symbols: {}.", name,
                                  other, kHowToCompare));
  }
  throw ConfigError(fmt::format("column {} compares with {}, whose bars are not among those of other symbols: {}.{}",
                                name, other, fmt::join(others, ", "), did_you_mean(other, others)));
}

const FeatureSet* find_set(const std::string& name) {
  for (const FeatureSet& set : feature_sets()) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

// The names of features that one name stands for.
std::vector<std::string> expanded(const std::string& name, FeatureDefinitions definitions,
                                  std::span<const std::string> others) {
  if (const FeatureSet* set = find_set(name)) {
    std::vector<std::string> out;
    for (const std::string& member : set->features) {
      for (std::string& each : expanded(member, definitions, others)) out.push_back(std::move(each));
    }
    return out;
  }
  if (name.ends_with('*')) {
    std::vector<std::string> out = columns_beginning(name.substr(0, name.size() - 1), others);
    if (out.empty() && others.empty() && name.starts_with("cross_")) {
      throw ConfigError(fmt::format(
          "'{}' is of columns that compare with other symbols, of which there are no bars: {}.", name, kHowToCompare));
    }
    if (out.empty()) throw ConfigError(fmt::format("no column begins as in '{}'.", name));
    return out;
  }
  try {
    static_cast<void>(parse_feature(name, definitions, others));
  } catch (const ConfigError& error) {
    std::vector<std::string> sets;
    for (const FeatureSet& set : feature_sets()) sets.emplace_back(set.name);
    const std::string meant = did_you_mean(name, sets);
    if (meant.empty()) throw;
    throw ConfigError(fmt::format("there is no column or set '{}'.{}", name, meant));
  }
  return {name};
}

}  // namespace

FeatureDefinitions parse_feature_definitions(const std::string& text) {
  if (text == "moola") return FeatureDefinitions::moola;
  if (text == "factory-d28") return FeatureDefinitions::factory_d28;
  const std::vector<std::string> known{"moola", "factory-d28"};
  throw ConfigError(
      fmt::format("definitions = \"{}\" is neither moola nor factory-d28.{}", text, did_you_mean(text, known)));
}

Feature parse_feature(const std::string& name, FeatureDefinitions definitions, std::span<const std::string> others) {
  const auto parts = split(name);
  Feature out{.name = name, .column = {}, .timeframe = 0};
  if (!parts) {
    out.column = find_column(name);
  } else {
    out.timeframe = parse_duration(parts->timeframe).nanoseconds;
    if (out.timeframe == 0) throw ConfigError(fmt::format("column {} is of bars of no length.", name));
    const bool factory = definitions == FeatureDefinitions::factory_d28;
    out.column = find_column(factory ? factory_d28_column(parts->column) : parts->column);
  }
  if (!out.column.other.empty()) check_other(name, out.column.other, others);
  return out;
}

std::vector<Feature> parse_features(const std::vector<std::string>& names, FeatureDefinitions definitions,
                                    std::span<const std::string> others) {
  std::vector<std::string> wanted;
  for (const std::string& name : names) {
    const bool out = name.starts_with('-');
    for (const std::string& each : expanded(out ? name.substr(1) : name, definitions, others)) {
      const auto found = std::find(wanted.begin(), wanted.end(), each);
      if (!out && found == wanted.end()) wanted.push_back(each);
      if (out && found != wanted.end()) wanted.erase(found);
    }
  }
  if (wanted.empty()) throw ConfigError("no features are left to compute.");
  std::vector<Feature> features;
  for (const std::string& name : wanted) features.push_back(parse_feature(name, definitions, others));
  return features;
}

}  // namespace moola::market
