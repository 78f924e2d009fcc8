#pragma once
// The parts of momentum_indicators() that are in files of their own, and what they share. For the .cpp files beside it.
#include <algorithm>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

inline constexpr const char* kMomentum = "momentum";

inline int longer_less_one(const ParameterValues& values) {
  return std::max(values.whole(0), values.whole(1)) - 1;
}

Indicator factory_stochastic();
std::vector<Indicator> talib_stochastics();
Indicator fisher_indicator();
std::vector<Indicator> macd_indicators();

}  // namespace moola::market
