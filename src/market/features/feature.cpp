#include "market/features/feature.h"

#include <fmt/format.h>

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

}  // namespace

FeatureDefinitions parse_feature_definitions(const std::string& text) {
  if (text == "moola") return FeatureDefinitions::moola;
  if (text == "factory-d28") return FeatureDefinitions::factory_d28;
  const std::vector<std::string> known{"moola", "factory-d28"};
  throw ConfigError(
      fmt::format("definitions = \"{}\" is neither moola nor factory-d28.{}", text, did_you_mean(text, known)));
}

Feature parse_feature(const std::string& name, FeatureDefinitions definitions) {
  const auto parts = split(name);
  if (!parts) return {.name = name, .column = find_column(name), .timeframe = 0};
  const Duration timeframe = parse_duration(parts->timeframe);
  if (timeframe.nanoseconds == 0) throw ConfigError(fmt::format("column {} is of bars of no length.", name));
  const std::string column =
      definitions == FeatureDefinitions::factory_d28 ? factory_d28_column(parts->column) : parts->column;
  return {.name = name, .column = find_column(column), .timeframe = timeframe.nanoseconds};
}

}  // namespace moola::market
