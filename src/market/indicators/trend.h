#pragma once
// Where prices are heading and how surely. Every function: all columns have n rows, outputs overlap neither each other
// nor an input; rows before the first value hold NaN. Columns of one series may begin with NaNs, which put the first
// value off; columns of bars begin at row 0.
#include <cstdint>
#include <span>

#include "market/indicators/indicator.h"

namespace moola::market {

/// The parabolic stop: it follows the price, by `acceleration` (more with every new extreme, `maximum` at most) of what
/// lies between it and the extreme, until the price crosses it and it turns to the other side. `direction`: 1 while it
/// lies below the price, -1 above; empty where nobody wants it. First value at row 1, whose side is that of the larger
/// directional movement. Wilder 1978; TA-Lib SAR.
void parabolic_sar(std::span<const double> high, std::span<const double> low, double acceleration, double maximum,
                   std::span<double> out, std::span<double> direction);

/// The supertrend: a band `multiple` ATR under the middle of the bar, which only rises, until a close below it; then
/// one above, which only falls. `direction`: 1 while it is the lower band, -1 the upper. First value at row `period`,
/// where it is the lower. Seban 2008; TA-Lib (0.8) SUPERTREND.
void supertrend(const BarColumns& bars, int period, double multiple, std::span<double> level,
                std::span<double> direction, Scratch& scratch);

/// The line of least squares through the last `period` values, of at least 2, in first values after period - 1 rows:
/// its value at the last bar, at the bar after it, at the window's first bar, its slope per bar, and the slope's angle
/// in degrees. TA-Lib LINEARREG, TSF, LINEARREG_INTERCEPT, LINEARREG_SLOPE, LINEARREG_ANGLE.
void linear_regression(std::span<const double> x, int period, std::span<double> out);
void time_series_forecast(std::span<const double> x, int period, std::span<double> out);
void linear_regression_intercept(std::span<const double> x, int period, std::span<double> out);
void linear_regression_slope(std::span<const double> x, int period, std::span<double> out);
void linear_regression_angle(std::span<const double> x, int period, std::span<double> out);

/// 100 less 100 / `period` for each bar since the lowest low (the highest high) of the last `period` + 1 bars, the
/// latest of equals; and the latter less the former. First value at row `period`; what is empty is not wanted. Chande
/// 1995; TA-Lib AROON, AROONOSC.
void aroon(std::span<const double> high, std::span<const double> low, int period, std::span<double> down,
           std::span<double> up, std::span<double> oscillator);

/// The sums over `period` bars of |high - low before| and |low - high before|, each over that of the true ranges; 0
/// where that is 0. First value at row `period`. Returns how many windows have no range. Botes and Siepman 2010; TA-Lib
/// (0.8) VORTEX.
std::int64_t vortex(const BarColumns& bars, int period, std::span<double> plus, std::span<double> minus);

/// x less its mean over `period` rows as of period / 2 + 1 rows ago. First value after period + period / 2 rows. (The
/// common form puts today's mean against the price of that time: the same trend taken off an older price.)
void detrended_price(std::span<const double> x, int period, std::span<double> out);

}  // namespace moola::market
