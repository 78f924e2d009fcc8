#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// What barriers and the time that they stand are multiplied by.
struct BarrierFactors {
  double up = 1, down = 1, bars = 1;
};

/// The factors of bars on which a column of features has one value: "atr_regime" 1 is high volatility.
struct RegimeFactors {
  std::string feature;
  double state = 0;
  BarrierFactors factors;
};

/// Wider and longer barriers where volatility is high or moves go on, narrower and shorter ones where it is low or
/// moves are undone, the side of the trend further away; shorter where there is no trend. Of atr_regime, trend_regime
/// and hurst_regime. Source: reference factory.md 1.5.
const std::vector<RegimeFactors>& usual_regime_factors();

/// "atr_regime=1:1.2,1.3,1.1": COLUMN=STATE:UP,DOWN,BARS. Throws ConfigError that says what was expected.
RegimeFactors parse_regime_factors(const std::string& text);

/// The features of a table, each once, in the order of their first mention.
std::vector<std::string> regime_features(std::span<const RegimeFactors> table);

/// Barriers of every bar by the regime that it was in.
struct AdaptiveBarriers {
  std::vector<double> up, down;  // the scale times the product of the bar's factors
  std::vector<std::int32_t> max_bars;
  BarBarriers spans() const { return {.up = up, .down = down, .max_bars = max_bars}; }
};

/// Multiplies `scale` and `max_bars` (to the nearest whole number, at least 1) of every bar by the factors of each line
/// of `table` that holds on it. `states`: the columns of `regime_features(table)`, (n) each, known at the bar's close.
/// A bar with an unknown state (NaN) gets an unknown scale, hence no label. Cost: 2 ns a bar and line. Throws
/// ConfigError for factors that are not above 0, std::invalid_argument for columns of unequal number or length.
AdaptiveBarriers adapt_barriers(std::span<const double> scale, std::int32_t max_bars,
                                std::span<const RegimeFactors> table, std::span<const std::span<const double>> states);

/// The most bars that a label can take, whatever the regimes: what a purge must be as long as.
std::int32_t longest_adaptive(std::int32_t max_bars, std::span<const RegimeFactors> table);

}  // namespace moola::market
