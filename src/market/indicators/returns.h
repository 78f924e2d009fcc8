#pragma once
// Changes over a number of bars, and how a bar's prices lie to each other. Every function: `x` and `out` have n rows
// and do not overlap; the first value comes `bars` rows after the leading NaNs of `x`, rows before it hold NaN.
#include <cstdint>
#include <span>

namespace moola::market {

/// x less what it was `bars` rows before. TA-Lib MOM.
void momentum(std::span<const double> x, int bars, std::span<double> out);

/// x over what it was `bars` rows before, times `scale`; 0 where that was 0, as TA-Lib has it. TA-Lib ROCR (scale 1)
/// and ROCR100.
void change_ratio(std::span<const double> x, int bars, double scale, std::span<double> out);

/// x over what it was `bars` rows before, less 1, times `scale`; 0 where that was 0. TA-Lib ROCP (scale 1) and ROC
/// (scale 100).
void change_rate(std::span<const double> x, int bars, double scale, std::span<double> out);

/// The natural logarithm of x over what it was `bars` rows before; x > 0.
void log_change(std::span<const double> x, int bars, std::span<double> out);

/// Where the close lies in its bar: -1 at the low, 1 at the high; 0 where they are equal. Returns on how many rows they
/// are. Chaikin's close location value.
std::int64_t close_location(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                            std::span<double> out);

}  // namespace moola::market
