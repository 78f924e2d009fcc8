#pragma once
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// How Wilder's sums begin. talib: with the sum over rows 1 to period - 1, at row period - 1. wilder: with that over
/// rows 1 to `period`, at row `period`, as in his book. The difference fades by 1 - 1 / period a bar.
enum class WilderStart { talib, wilder };

/// Columns of as many rows as the bars, NaN before their first value; what is empty is not wanted.
struct DirectionalColumns {
  std::span<double> plus_sum = {}, minus_sum = {};      // from the row with which the sums begin
  std::span<double> plus = {}, minus = {}, index = {};  // from row `period`
  std::span<double> average = {};                       // from row 2 period - 1
  std::span<double> rating = {};                        // from row 3 period - 2
};

/// On how many rows they have no definition.
struct DirectionalUndefined {
  std::int64_t plus = 0, minus = 0, index = 0, average = 0, rating = 0;
};

/// Wilder's sums (s += value - s / period) of what the high rose above the one before, where this is more than the low
/// fell, of what the low fell, where this is more, and of the true ranges. Then, in percent: the first two over the
/// third, 0 where that is 0; their difference over their sum, the index, as on the row before where it is 0 / 0 and 0
/// before the first; Wilder's average of the index, which begins with the mean of `period` of them, those that are
/// 0 / 0 being 0, and stays where one is 0 / 0; and the mean of that and of what it was period - 1 rows before.
/// `period` >= 2. Wilder 1978; begun as TA-Lib does, its PLUS_DM, MINUS_DM, PLUS_DI, MINUS_DI, DX, ADX and ADXR.
DirectionalUndefined directional_movement(const BarColumns& bars, int period, WilderStart start,
                                          const DirectionalColumns& columns);

}  // namespace moola::market
