#pragma once
// What bars say of a market's frictions: how much volume moves the price, how far bid and ask lie apart, how directly
// prices go. Every function: inputs and `out` have n rows and `out` overlaps none of them; rows before the first value
// hold NaN; columns of `scratch` have n rows. Returns are simple: close over the close before, less 1. Functions that
// return a number return how many rows have no definition and got the value that is stated.
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// |return| / volume, per unit of volume; 0 in a bar without volume. First value at row 1. Amihud 2002.
std::int64_t amihud(const BarColumns& bars, std::span<double> out);

/// The mean of that over those of the last `period` bars that had volume, as Amihud has it; 0 where none had. First
/// value at row `period`.
std::int64_t amihud_mean(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out);

/// 2 sqrt(-c), in prices, with c the sample covariance of the last `period` >= 2 changes of the close with the changes
/// before them; 0 where c > 0. First value at row `period` + 1. Roll 1984.
void roll_spread(std::span<const double> close, int period, Scratch& scratch, std::span<double> out);

/// |return| over the mean volume of the last `period` bars, per unit of volume; 0 where they had none. A stand-in for
/// Kyle's (1985) lambda, which needs signed volume. First value at row `period` - 1, but not before row 1.
std::int64_t price_impact(const BarColumns& bars, int period, std::span<double> out);

/// The spread over the price, from the ranges of this bar and the one before, apart and together; 0 where it would be
/// negative. Without the authors' adjustment for gaps between bars. First value at row 1. Corwin and Schultz 2012.
void corwin_schultz_spread(std::span<const double> high, std::span<const double> low, Scratch& scratch,
                           std::span<double> out);

/// (high - low) / close. First value at row 0.
void relative_range(const BarColumns& bars, std::span<double> out);

/// (close - open) / (high - low), the part of the range that the bar went, signed; 0 in a bar without range. First
/// value at row 0.
std::int64_t bar_imbalance(const BarColumns& bars, std::span<double> out);

/// The sum of that over the last `period` bars. Returns how many rows have a bar without range among them. First value
/// at row `period` - 1.
std::int64_t cumulative_imbalance(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out);

/// Volume over the mean volume of the last `period` bars; 0 where they had none. First value at row `period` - 1.
std::int64_t trade_intensity(std::span<const double> volume, int period, std::span<double> out);

/// |close - close `period` bars ago| over the sum of the |changes| between: 1 where prices went straight, near 0 where
/// they came back; 0 where they did not move. First value at row `period`. Kaufman 1995.
std::int64_t efficiency_ratio(std::span<const double> close, int period, Scratch& scratch, std::span<double> out);

/// The sample deviation of the last `fast` returns over that of the last `slow`, both >= 2; 1 where the latter is 0.
/// First value after the longer of both.
std::int64_t volatility_ratio(std::span<const double> close, int fast, int slow, Scratch& scratch,
                              std::span<double> out);

}  // namespace moola::market
