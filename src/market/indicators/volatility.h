#pragma once
// The range that prices cover. Every function: the columns have n rows; rows of `out` before the first value hold NaN.
#include <span>

namespace moola::market {

/// The distance that a bar covered, from the close before it on: max(high, close before) - min(low, close before).
/// First value at row 1. Wilder 1978; TA-Lib TRANGE.
void true_range(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                std::span<double> out);

/// The mean true range by Wilder's average: begins with the mean of those of rows 1 to `period`, its first value at row
/// `period`. Wilder 1978; TA-Lib ATR.
void atr(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
         std::span<double> out);

}  // namespace moola::market
