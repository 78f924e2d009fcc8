#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

/// A column of a feature table: an indicator's column of the bars themselves, or of longer bars put together from them.
struct Feature {
  std::string name;  // "rsi_14", "rsi_14_1h"
  IndicatorColumn column;
  std::int64_t timeframe;  // nanoseconds of the longer bars; 0: the bars themselves

  /// Rows by which what it says of a bar stands later, so that row t knows bars <= t - 1 alone: one bar, none for
  /// what is of the clock.
  std::size_t shift() const { return column.kind() == ColumnKind::temporal ? 0 : 1; }
};

/// Whose definitions names mean.
enum class FeatureDefinitions : std::uint8_t {
  moola,
  factory_d28,  // the columns of longer bars as the Python factory's state D28 computes them, with its faults
};
/// "moola", "factory-d28". Throws ConfigError naming the nearest.
FeatureDefinitions parse_feature_definitions(const std::string& text);

/// "rsi_14": of the bars; "rsi_14_15m", "rsi_14_4h", "rsi_14_1d": of bars of 15 minutes, 4 hours, a day.
/// "cross_corr_ETHUSD_20": beside the bars of ETHUSD, which is one of `others`. Throws ConfigError naming the nearest.
Feature parse_feature(const std::string& name, FeatureDefinitions definitions = FeatureDefinitions::moola,
                      std::span<const std::string> others = {});

/// A set of features that goes by a name.
struct FeatureSet {
  std::string_view name, help;
  std::vector<std::string> features;
};
const std::vector<FeatureSet>& feature_sets();

/// Names of features, names of sets, and beginnings with a star ("wavelet_*", of all columns with their usual
/// parameters; "cross_*": beside each of `others`), each feature once, in the order of its first mention. A name with a
/// '-' before it takes out what was mentioned before. Throws ConfigError naming the nearest, or when nothing is left.
std::vector<Feature> parse_features(const std::vector<std::string>& names,
                                    FeatureDefinitions definitions = FeatureDefinitions::moola,
                                    std::span<const std::string> others = {});

}  // namespace moola::market
