#pragma once
// Oscillators of rises and falls: how far and how steadily prices have gone lately. Every function: inputs and outputs
// have n rows, outputs overlap nothing; rows of an output before its first value hold NaN; leading NaNs of the input
// (of the close where there are several) put the first value off. Those that can meet rows without a definition say
// what they write there, and return on how many rows from the first value on they did. Windows cost what rolling.h
// says.
#include <cstdint>
#include <span>

namespace moola::market {

/// Relative strength: 100 g / (g + l), with Wilder's averages g of the rises and l of the falls of x from row to row.
/// First value after `period` rows. 0 where both averages are 0, as TA-Lib has it. TA-Lib RSI; Wilder 1978.
std::int64_t rsi(std::span<const double> x, int period, std::span<double> out);
/// The same, and whether it is above 70 and below 30; what is empty is not wanted. Where both averages are 0, neither.
std::int64_t rsi_and_flags(std::span<const double> x, int period, std::span<double> out, std::span<double> overbought,
                           std::span<double> oversold);

/// Chande's momentum oscillator with Wilder's averages, as TA-Lib has it: 100 (g - l) / (g + l), see rsi. 0 where
/// both averages are 0. First value after `period` rows. TA-Lib CMO; Chande 1994.
std::int64_t cmo(std::span<const double> x, int period, std::span<double> out);

/// Commodity channel: the distance of the typical price (high + low + close) / 3 from its mean, over 0.015 of its mean
/// deviation. 0 where the window does not move, as TA-Lib has it. First value after period - 1 rows; cost grows with
/// the period. TA-Lib CCI; Lambert 1980.
std::int64_t cci(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
                 std::span<double> out);

/// Ultimate oscillator: buying pressure, close less the lesser of low and last close, over true range in three windows,
/// the shortest weighing 4, the next 2, the longest 1, in percent. A window without range counts as 0, as TA-Lib has
/// it. First value after as many rows as the longest window has. TA-Lib ULTOSC; Williams 1985.
std::int64_t ultimate_oscillator(std::span<const double> high, std::span<const double> low,
                                 std::span<const double> close, int period_1, int period_2, int period_3,
                                 std::span<double> out);

/// Balance of power: (close - open) / (high - low); 0 where high and low are equal, as TA-Lib has it. TA-Lib BOP;
/// Livshin 2001.
std::int64_t balance_of_power(std::span<const double> open, std::span<const double> high, std::span<const double> low,
                              std::span<const double> close, std::span<double> out);

/// Intraday momentum: what bars rose from open to close, in percent of what they rose and fell in the window. 50 where
/// no bar did either, as TA-Lib has it. First value after period - 1 rows. TA-Lib IMI; Chande 1994.
std::int64_t imi(std::span<const double> open, std::span<const double> close, int period, std::span<double> out);

/// True strength: 100 times the change from row to row over its size, both averaged exponentially over `first` rows and
/// then over `second`. 0 where that size is 0. First value after first + second - 1 rows. TA-Lib TSI;
/// Blau 1991.
std::int64_t tsi(std::span<const double> x, int first, int second, std::span<double> out);

}  // namespace moola::market
