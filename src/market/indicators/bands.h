#pragma once
// Bands around an average, as far from it as prices lately moved, and channels of the extremes. Every function: all
// columns have n rows, outputs overlap neither each other nor an input; rows before the first value hold NaN.
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// Over what the sum of squared deviations is divided.
enum class Deviation { population, sample };

/// The mean of the last `period` values and their standard deviation, 0 exactly when they are equal. Sample: period >=
/// 2. First value after period - 1 rows and the leading NaNs of x. TA-Lib SMA and STDDEV (population).
void mean_and_deviation(std::span<const double> x, int period, Deviation kind, std::span<double> mean,
                        std::span<double> deviation);

/// Keltner's channel as TA-Lib (0.8) KC: the EMA over `period` bars of (high + low + close) / 3 and `multiple` times
/// the ATR over `atr_period` bars to either side. `average` and `range` are these two. Both have their first value, a
/// simple mean, at row max(period - 1, atr_period).
void keltner_channel(const BarColumns& bars, int period, int atr_period, std::span<double> average,
                     std::span<double> range, Scratch& scratch);

/// The highest high and the lowest low of the last `period` bars, this one too. First value at row period - 1. Donchian
/// 1960; TA-Lib (0.8) DONCHIAN.
void donchian_channel(std::span<const double> high, std::span<const double> low, int period, std::span<double> upper,
                      std::span<double> lower);

}  // namespace moola::market
