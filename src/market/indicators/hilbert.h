#pragma once
// Ehlers' dominant cycle: what a Hilbert transform of the recent past says about the length of the wave in it.
#include <span>

namespace moola::market {

/// The mean of x over one dominant cycle (6 to 50 rows as measured, smoothed), and of this the mean weighted 4, 3,
/// 2, 1. `x` and `out` have n rows and do not overlap; leading NaNs of `x` put the first value off, which comes after
/// 63 rows. A row whose wave has no phase (the signal is 0) leaves the cycle's length as it is. Ehlers 2001, as in
/// TA-Lib HT_TRENDLINE.
void hilbert_trendline(std::span<const double> x, std::span<double> out);

/// Rows before the first value.
inline constexpr int kHilbertTrendlineWarmUp = 63;

}  // namespace moola::market
