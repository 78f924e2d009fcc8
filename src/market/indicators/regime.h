#pragma once
// States of the market, one of a few numbers per bar. Every function: `out` has as many rows as the bars; rows before
// the first value hold NaN. What lies in between goes into `scratch`, whose columns have as many rows.
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// 1 where the deviation of the last `period` log returns is above the median of its last `window` values, else 0.
/// First value at row `period` + `window` - 1. Cost grows with the window.
void volatility_regime(std::span<const double> close, int period, int window, Scratch& scratch, std::span<double> out);

/// 1 where close > mean of the last `fast` closes > mean of the last `slow`, -1 where both are below, else 0. First
/// value at row max(fast, slow) - 1.
void trend_regime(std::span<const double> close, int fast, int slow, Scratch& scratch, std::span<double> out);

/// -1 where the average true range is below the `low` percentile of its last `window` values, 1 where above the `high`
/// one, else 0; percentiles are whole numbers from 1 to 99, interpolated linearly. First value at row `period` +
/// `window`
/// - 1. Cost grows with the window.
void atr_regime(const BarColumns& bars, int period, int window, int low, int high, Scratch& scratch,
                std::span<double> out);

/// -1 where the Hurst exponent of the log returns between the last `period` closes (statistics.h) is below `reverting`,
/// 1 where above `trending`, else 0, also where it has no definition. First value at row `period` - 1. Returns how many
/// rows have none.
std::int64_t hurst_regime(std::span<const double> close, int period, int longest, double reverting, double trending,
                          Scratch& scratch, std::span<double> out);

}  // namespace moola::market
