#pragma once
// What the last 64 values are made of, by scales: Daubechies' wavelet with four vanishing moments (PyWavelets' db4) in
// three levels, the window mirrored at its ends with the end value twice (PyWavelets' mode "symmetric"). D1 holds what
// changes over 2 to 4 bars, D2 over 4 to 8, D3 over 8 to 16, and A3 what is slower.
//
// Every function: x and the outputs have n rows and do not overlap; the first value is at row 63 after the leading NaNs
// of x, NaN before. Values are finite and their squares too. Functions that return a number return how many rows have
// no definition and got the value that is stated.
#include <cstdint>
#include <span>

namespace moola::market {

/// The last coefficient of each level, in units of x. They hold what the last 26 values hold. An output that is empty
/// is left out. Daubechies 1992; Mallat 1989.
void wavelet_coefficients(std::span<const double> x, std::span<double> approx, std::span<double> d1,
                          std::span<double> d2, std::span<double> d3);

/// The sum of the squared coefficients of each level, in squares of units of x.
void wavelet_energies(std::span<const double> x, std::span<double> approx, std::span<double> d1, std::span<double> d2,
                      std::span<double> d3);

/// The deviation of the noise, in units of x: the median distance of the first level's details from their median, over
/// 0.6745, which makes it a standard deviation where noise is Gaussian. Donoho and Johnstone 1994.
void wavelet_volatility(std::span<const double> x, std::span<double> out);

/// The slope of A3, its last coefficient less its first over its 14, divided by the population deviation of the window:
/// how much of it (strength) and where to (direction, -1, 0 or 1). 0 and 0 where the window does not move.
std::int64_t wavelet_trend(std::span<const double> x, std::span<double> strength, std::span<double> direction);

/// (x - mean) / population deviation, both of all values so far: a value depends on where the series begins. 0 where
/// all were the same. First value at the `least`-th value of x, least >= 1. Welford 1962.
std::int64_t expanding_zscore(std::span<const double> x, int least, std::span<double> out);

}  // namespace moola::market
