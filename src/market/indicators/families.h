#pragma once
// The families of indicators, each in a file of its name. A new indicator goes into the list at the end of its family's
// file; a new family into this one.
#include <array>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

std::vector<Indicator> band_indicators();
std::vector<Indicator> bar_price_indicators();
std::vector<Indicator> moving_average_indicators();
std::vector<Indicator> microstructure_indicators();
std::vector<Indicator> wavelet_indicators();
std::vector<Indicator> return_indicators();
std::vector<Indicator> momentum_indicators();
std::vector<Indicator> trend_indicators();
std::vector<Indicator> volume_indicators();
std::vector<Indicator> volatility_indicators();
std::vector<Indicator> statistics_indicators();
std::vector<Indicator> calendar_indicators();
std::vector<Indicator> regime_indicators();
std::vector<Indicator> factory_d28_indicators();

inline constexpr std::array kIndicatorFamilies{
    &bar_price_indicators,  &return_indicators,      &moving_average_indicators, &band_indicators,
    &trend_indicators,      &momentum_indicators,    &volume_indicators,         &volatility_indicators,
    &statistics_indicators, &calendar_indicators,    &regime_indicators,         &microstructure_indicators,
    &wavelet_indicators,    &factory_d28_indicators,
};

}  // namespace moola::market
