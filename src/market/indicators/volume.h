#pragma once
// What the volume says. Every function: inputs and outputs have n rows, outputs overlap nothing; inputs have no NaN;
// rows of an output before its first value hold NaN. Those that can meet rows without a definition say what they write
// there, and return on how many rows from the first value on they did. Windows cost what rolling.h says.
#include <cstdint>
#include <span>

namespace moola::market {

/// On-balance volume: the volume so far of bars that closed higher than the one before, less that of bars that closed
/// lower. The first row is `first`: TA-Lib OBV begins with the first bar's volume, others with 0. Granville 1963.
void on_balance_volume(std::span<const double> close, std::span<const double> volume, double first,
                       std::span<double> out);

/// Accumulation and distribution: the sum so far of volume times close location value, ((close - low) - (high - close))
/// / (high - low). A bar whose high and low are equal adds nothing, as TA-Lib has it; the count is of these. TA-Lib AD;
/// Chaikin.
std::int64_t accumulation_distribution(std::span<const double> high, std::span<const double> low,
                                       std::span<const double> close, std::span<const double> volume,
                                       std::span<double> out);

/// Chaikin's oscillator: the fast less the slow exponential average of accumulation and distribution, both from its
/// first row on. It is computed from what each bar adds, so that it does not lose digits as the sum grows. Bars whose
/// high and low are equal add nothing; the count is of these. First value after max(fast, slow) - 1 rows. TA-Lib ADOSC;
/// Chaikin.
std::int64_t chaikin_oscillator(std::span<const double> high, std::span<const double> low,
                                std::span<const double> close, std::span<const double> volume, int fast, int slow,
                                std::span<double> out);

/// Money flow: typical price (high + low + close) / 3 times volume of bars whose typical price rose, in percent of that
/// of those where it rose or fell. 0 where there was no such flow, as TA-Lib has it. First value after `period` rows.
/// TA-Lib MFI; Quong and Soudack 1989.
std::int64_t money_flow_index(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                              std::span<const double> volume, int period, std::span<double> out);

/// Chaikin's money flow: what accumulation and distribution gained in the window over the window's volume. 0 without
/// volume; the count is of these. A bar whose high and low are equal gains nothing. First value after period - 1 rows.
/// TA-Lib CMF; Chaikin.
std::int64_t chaikin_money_flow(std::span<const double> high, std::span<const double> low,
                                std::span<const double> close, std::span<const double> volume, int period,
                                std::span<double> out);

/// Ease of movement: the simple average of the move of the bars' middles over their box ratio, which is volume in units
/// of `unit` over the bar's range. A bar without volume counts as 0; the count is of rows of these. First value after
/// `period` rows. Arms 1989.
std::int64_t ease_of_movement(std::span<const double> high, std::span<const double> low, std::span<const double> volume,
                              int period, double unit, std::span<double> out);

/// Force: the exponential average of the change of the close times volume. First value after `period` rows. TA-Lib EFI;
/// Elder 1993.
void force_index(std::span<const double> close, std::span<const double> volume, int period, std::span<double> out);

/// Negative volume index: 1000 at first, then times the ratio of the close to the last on bars of less volume than the
/// one before. Stays within 1e-300 and 1e300. TA-Lib NVI; Dysart 1936, Fosback 1976.
void negative_volume_index(std::span<const double> close, std::span<const double> volume, std::span<double> out);
/// The same on bars of more volume. TA-Lib PVI.
void positive_volume_index(std::span<const double> close, std::span<const double> volume, std::span<double> out);

/// Mean typical price of the UTC day so far, weighted by volume. The typical price (high + low + close) / 3 where the
/// day has had no volume yet; the count is of these.
std::int64_t daily_vwap(std::span<const std::int64_t> time, std::span<const double> high, std::span<const double> low,
                        std::span<const double> close, std::span<const double> volume, std::span<double> out);

}  // namespace moola::market
