#include "market/indicators/directional_movement.h"
#include "market/indicators/trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/moving_averages.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/stretch_sums.h"
#include "market/indicators/table_entries.h"
#include "market/indicators/volatility.h"
#include "market/portable_atan.h"

namespace moola::market {
namespace {

const IndicatorParameter kPeriod = bars_parameter("period", 14, 1);
const IndicatorParameter kPeriodOfTwo = bars_parameter("period", 14, 2);

Indicator sar() {
  return {.name = "sar",
          .title = "Parabolic stop and reverse",
          .family = "trend",
          .inputs = "high low",
          .parameters = {{.name = "acceleration", .usual = 0.02, .least = 0.0001, .most = 1, .whole = false},
                         {.name = "maximum", .usual = 0.2, .least = 0.0001, .most = 1, .whole = false}},
          .outputs = {{.names = {"sar", "sar_{acceleration}_{maximum}"},
                       .kind = ColumnKind::price,
                       .help = "the stop on this bar",
                       .warm_up = one_row,
                       .talib = "SAR"},
                      {.names = {"sar_direction", "sar_direction_{acceleration}_{maximum}"},
                       .kind = ColumnKind::state,
                       .help = "1 while it lies below the price, -1 above",
                       .warm_up = one_row}},
          .definition =
              "a stop that closes in on the extreme of its trend by `acceleration`, and by as much more with "
              "every new extreme, up to `maximum` (Wilder 1978)",
          .compute = [](IndicatorCall& call) {
            parabolic_sar(call.bars.high, call.bars.low, call.number(0), call.number(1), call.out(0),
                          call.wanted(1) ? call.out(1) : std::span<double>());
          }};
}

Indicator supertrend_indicator() {
  return {.name = "supertrend",
          .title = "Supertrend",
          .family = "trend",
          .inputs = "high low close",
          .parameters = {{.name = "period", .usual = 10, .least = 1, .most = 100'000},
                         {.name = "multiple", .usual = 3, .least = 0.01, .most = 100, .whole = false}},
          .outputs = {{.names = {"supertrend", "supertrend_{period}_{multiple}"},
                       .kind = ColumnKind::price,
                       .help = "the band that prices stay above (in a rise) or below",
                       .warm_up = first_parameter_rows,
                       .talib = "SUPERTREND.outReal"},
                      {.names = {"supertrend_direction", "supertrend_direction_{period}_{multiple}"},
                       .kind = ColumnKind::state,
                       .help = "1 in a rise, -1 in a fall",
                       .warm_up = first_parameter_rows,
                       .talib = "SUPERTREND.outInteger"}},
          .definition =
              "(high + low) / 2 -+ `multiple` ATR over `period` bars, which steps towards the price only, until "
              "a close beyond it (Seban 2008)",
          .compute = [](IndicatorCall& call) {
            supertrend(call.bars, call.whole(0), call.number(1), call.out(0),
                       call.wanted(1) ? call.out(1) : std::span<double>(), call.scratch);
          }};
}

Indicator ichimoku() {
  const auto names = [](const std::string& line) {
    return std::vector<std::string>{"ichimoku_" + line,
                                    "ichimoku_" + line + "_{conversion}_{base}_{span_b}_{displacement}"};
  };
  const auto length = [](const std::string& name, double usual) {
    return IndicatorParameter{.name = name, .usual = usual, .least = 1, .most = 100'000};
  };
  return {.name = "ichimoku",
          .title = "Ichimoku: the lines and the cloud over this bar",
          .family = "trend",
          .inputs = "high low",
          .parameters = {length("conversion", 9), length("base", 26), length("span_b", 52), length("displacement", 26)},
          .outputs = {{.names = names("conversion"),
                       .kind = ColumnKind::price,
                       .help = "middle of the short range (tenkan-sen)",
                       .warm_up = [](const ParameterValues& v) { return v.whole(0) - 1; }},
                      {.names = names("base"),
                       .kind = ColumnKind::price,
                       .help = "middle of the longer range (kijun-sen)",
                       .warm_up = [](const ParameterValues& v) { return v.whole(1) - 1; }},
                      {.names = names("span_a"),
                       .kind = ColumnKind::price,
                       .help = "mean of the two, drawn `displacement` bars later (senkou span A)",
                       .warm_up =
                           [](const ParameterValues& v) { return std::max(v.whole(0), v.whole(1)) - 1 + v.whole(3); }},
                      {.names = names("span_b"),
                       .kind = ColumnKind::price,
                       .help = "middle of the longest range, drawn `displacement` bars later (senkou span B)",
                       .warm_up = [](const ParameterValues& v) { return v.whole(2) - 1 + v.whole(3); }}},
          .definition =
              "middles of the ranges of so many bars; no chikou span, which is the close of a later bar "
              "(Hosoda 1969)",
          .compute = [](IndicatorCall& call) {
            const auto high = call.bars.high, low = call.bars.low;
            const std::size_t n = call.bars.size(), later = std::min(n, static_cast<std::size_t>(call.whole(3)));
            const auto conversion = call.out(0), base = call.out(1);
            midprice(high, low, call.whole(0), conversion);
            midprice(high, low, call.whole(1), base);
            if (call.wanted(2)) {
              const auto out = call.out(2);
              fill_before(later, out);
              for (std::size_t i = later; i < n; ++i) out[i] = (conversion[i - later] + base[i - later]) * 0.5;
            }
            if (call.wanted(3)) {
              const auto out = call.out(3);
              midprice(high.first(n - later), low.first(n - later), call.whole(2), out.subspan(later));
              fill_before(later, out);
            }
          }};
}

Indicator regression(const std::string& name, const std::string& title, ColumnKind kind, const std::string& help,
                     const std::string& talib, void (*compute)(IndicatorCall&)) {
  return {.name = name,
          .title = title,
          .family = "trend",
          .inputs = "close",
          .parameters = {kPeriodOfTwo},
          .outputs = {{.names = {name + "_{period}"},
                       .kind = kind,
                       .help = help,
                       .warm_up = first_parameter_rows_less_one,
                       .talib = talib}},
          .definition = "the line of least squares through the last `period` closes",
          .compute = compute};
}

Indicator aroon_indicator() {
  return {.name = "aroon",
          .title = "Aroon",
          .family = "trend",
          .inputs = "high low",
          .parameters = {kPeriodOfTwo},
          .outputs = {{.names = {"aroon_down_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "100 with a new low, down to 0 when the lowest of the last bars was the first",
                       .warm_up = first_parameter_rows,
                       .talib = "AROON.outAroonDown"},
                      {.names = {"aroon_up_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "100 with a new high, down to 0 when the highest of the last bars was the first",
                       .warm_up = first_parameter_rows,
                       .talib = "AROON.outAroonUp"},
                      {.names = {"aroonosc_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "up less down",
                       .warm_up = first_parameter_rows,
                       .talib = "AROONOSC"}},
          .definition = "100 (1 - bars since the extreme of `period` + 1 bars / `period`) (Chande 1995)",
          .compute = [](IndicatorCall& call) {
            aroon(call.bars.high, call.bars.low, call.whole(0), wanted(call, 0), wanted(call, 1), wanted(call, 2));
          }};
}

int twice_less_one(const ParameterValues& values) {
  return 2 * values.whole(0) - 1;
}

constexpr const char* kNoRangeSummed = "0 where the sum of the true ranges is 0";
constexpr const char* kStays = "as before, at first 0, while bars have neither range nor movement";

// Wilder's start; the sums and averages of both are the same after many bars.
Indicator adx() {
  return {.name = "adx",
          .title = "Average directional index",
          .family = "trend",
          .inputs = "high low close",
          .parameters = {kPeriodOfTwo},
          .outputs = {{.names = {"adx_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "how strong the trend is, whichever its direction",
                       .warm_up = twice_less_one,
                       .undefined = kStays},
                      {.names = {"plus_di_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "share of the true range by which highs rose, in percent",
                       .warm_up = first_parameter_rows,
                       .undefined = kNoRangeSummed},
                      {.names = {"minus_di_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "share of the true range by which lows fell, in percent",
                       .warm_up = first_parameter_rows,
                       .undefined = kNoRangeSummed},
                      {.names = {"adx_strong_trend", "adx_strong_trend_{period}"},
                       .kind = ColumnKind::state,
                       .help = "1 where the index is above 25",
                       .warm_up = twice_less_one,
                       .undefined = kStays}},
          .definition = "Wilder's sums over `period` bars, beginning with the sum of the first `period` (Wilder 1978)",
          .compute = [](IndicatorCall& call) {
            const auto index = call.wanted(3) ? call.out(0) : wanted(call, 0);
            const auto undefined =
                directional_movement(call.bars, call.whole(0), WilderStart::wilder,
                                     {.plus = wanted(call, 1), .minus = wanted(call, 2), .average = index});
            call.note_undefined(0, undefined.average);
            call.note_undefined(1, undefined.plus);
            call.note_undefined(2, undefined.minus);
            call.note_undefined(3, undefined.average);
            if (!call.wanted(3)) return;
            const auto out = call.out(3);
            for (std::size_t i = 0; i < out.size(); ++i)
              out[i] = std::isnan(index[i]) ? std::numeric_limits<double>::quiet_NaN() : index[i] > 25;
          }};
}

// TA-Lib's start, in which all of its directional functions share.
Indicator dmi() {
  const auto output = [](const std::string& name, ColumnKind kind, const std::string& help,
                         int (*warm_up)(const ParameterValues&), const std::string& undefined,
                         const std::string& talib) {
    return IndicatorOutput{.names = {name + "_{period}"},
                           .kind = kind,
                           .help = help,
                           .warm_up = warm_up,
                           .undefined = undefined,
                           .talib = talib};
  };
  return {
      .name = "dmi",
      .title = "Directional movement as TA-Lib begins it",
      .family = "trend",
      .inputs = "high low close",
      .parameters = {kPeriodOfTwo},
      .outputs = {output("plus_dm", ColumnKind::volatility, "Wilder's sum of what highs rose",
                         first_parameter_rows_less_one, "", "PLUS_DM"),
                  output("minus_dm", ColumnKind::volatility, "Wilder's sum of what lows fell",
                         first_parameter_rows_less_one, "", "MINUS_DM"),
                  output("talib_plus_di", ColumnKind::oscillator,
                         "share of the true range by which highs rose, in percent", first_parameter_rows,
                         kNoRangeSummed, "PLUS_DI"),
                  output("talib_minus_di", ColumnKind::oscillator,
                         "share of the true range by which lows fell, in percent", first_parameter_rows, kNoRangeSummed,
                         "MINUS_DI"),
                  output("dx", ColumnKind::oscillator, "difference of the two over their sum, in percent",
                         first_parameter_rows, kStays, "DX"),
                  output("talib_adx", ColumnKind::oscillator, "Wilder's average of dx", twice_less_one, kStays, "ADX"),
                  output(
                      "adxr", ColumnKind::oscillator, "mean of this and of what it was `period` - 1 bars ago",
                      [](const ParameterValues& v) { return 3 * v.whole(0) - 2; }, kStays, "ADXR")},
      .definition = "as adx, but the sums begin with that of the first `period` - 1 bars",
      .compute = [](IndicatorCall& call) {
        const auto undefined = directional_movement(call.bars, call.whole(0), WilderStart::talib,
                                                    {.plus_sum = wanted(call, 0),
                                                     .minus_sum = wanted(call, 1),
                                                     .plus = wanted(call, 2),
                                                     .minus = wanted(call, 3),
                                                     .index = wanted(call, 4),
                                                     .average = wanted(call, 5),
                                                     .rating = wanted(call, 6)});
        call.note_undefined(2, undefined.plus);
        call.note_undefined(3, undefined.minus);
        call.note_undefined(4, undefined.index);
        call.note_undefined(5, undefined.average);
        call.note_undefined(6, undefined.rating);
      }};
}

Indicator vortex_indicator() {
  const char* none = "0 where the window has no true range";
  return {.name = "vortex",
          .title = "Vortex",
          .family = "trend",
          .inputs = "high low close",
          .parameters = {kPeriod},
          .outputs = {{.names = {"vortex_plus_{period}"},
                       .kind = ColumnKind::volatility,
                       .help = "movement from lows up to the next high, over the true range",
                       .warm_up = first_parameter_rows,
                       .undefined = none,
                       .talib = "VORTEX.outPlusVI"},
                      {.names = {"vortex_minus_{period}"},
                       .kind = ColumnKind::volatility,
                       .help = "movement from highs down to the next low, over the true range",
                       .warm_up = first_parameter_rows,
                       .undefined = none,
                       .talib = "VORTEX.outMinusVI"}},
          .definition =
              "sums over `period` bars of |high - low before| and |low - high before|, over that of the true "
              "ranges (Botes and Siepman 2010)",
          .compute = [](IndicatorCall& call) {
            const std::int64_t still = vortex(call.bars, call.whole(0), call.out(0), call.out(1));
            call.note_undefined(0, still);
            call.note_undefined(1, still);
          }};
}

Indicator dpo() {
  return {.name = "dpo",
          .title = "Detrended price oscillator, against the past",
          .family = "trend",
          .inputs = "close",
          .parameters = {{.name = "period", .usual = 20, .least = 1, .most = 100'000}},
          .outputs = {{.names = {"dpo_{period}"},
                       .kind = ColumnKind::price,
                       .help = "close less the mean as it was half a window ago",
                       .warm_up = [](const ParameterValues& v) { return v.whole(0) + v.whole(0) / 2; }}},
          .definition = "close - SMA of `period` bars as of `period` / 2 + 1 bars ago",
          .compute = [](IndicatorCall& call) { detrended_price(call.bars.close, call.whole(0), call.out(0)); }};
}

}  // namespace

std::vector<Indicator> trend_indicators() {
  return {
      sar(),
      supertrend_indicator(),
      ichimoku(),
      regression("linearreg", "Linear regression", ColumnKind::price, "the line at this bar", "LINEARREG",
                 [](IndicatorCall& call) { linear_regression(call.bars.close, call.whole(0), call.out(0)); }),
      regression("linearreg_slope", "Slope of the linear regression", ColumnKind::price, "the line's rise per bar",
                 "LINEARREG_SLOPE",
                 [](IndicatorCall& call) { linear_regression_slope(call.bars.close, call.whole(0), call.out(0)); }),
      regression("linearreg_intercept", "Intercept of the linear regression", ColumnKind::price,
                 "the line at the window's first bar", "LINEARREG_INTERCEPT",
                 [](IndicatorCall& call) { linear_regression_intercept(call.bars.close, call.whole(0), call.out(0)); }),
      regression("linearreg_angle", "Angle of the linear regression", ColumnKind::oscillator,
                 "the line's angle in degrees, a bar as long as a unit of price", "LINEARREG_ANGLE",
                 [](IndicatorCall& call) { linear_regression_angle(call.bars.close, call.whole(0), call.out(0)); }),
      regression("tsf", "Time series forecast", ColumnKind::price, "the line at the next bar", "TSF",
                 [](IndicatorCall& call) { time_series_forecast(call.bars.close, call.whole(0), call.out(0)); }),
      aroon_indicator(),
      adx(),
      dmi(),
      vortex_indicator(),
      dpo(),
  };
}

}  // namespace moola::market
