#pragma once
// The families of indicators, each in a file of its name. A new indicator goes into the list at the end of its family's
// file; a new family into this one.
#include <array>
#include <vector>

#include "market/indicators/indicator.h"

namespace moola::market {

std::vector<Indicator> moving_average_indicators();

inline constexpr std::array kIndicatorFamilies{
    &moving_average_indicators,
};

}  // namespace moola::market
