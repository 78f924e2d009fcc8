#include "market/indicators/trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/moving_averages.h"
#include "market/indicators/rolling.h"
#include "market/indicators/stretch_sums.h"
#include "market/indicators/table_entries.h"
#include "market/indicators/volatility.h"
#include "market/portable_atan.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// By value: by reference they become jumps.
double higher(double a, double b) {
  return a > b ? a : b;
}
double lower(double a, double b) {
  return a < b ? a : b;
}

void fill_before(std::span<double> out, std::size_t first) {
  std::fill_n(out.begin(), std::min(out.size(), first), kNaN);
}

}  // namespace

namespace {

// The parabolic stop on one side of the price. Seen in a mirror when it lies above: prices negated, high for low, so
// that it always lies below and rises.
struct Stop {
  double at, extreme, share;
};

template <bool kBelow>
class SideOfBars {
 public:
  SideOfBars(std::span<const double> high, std::span<const double> low) : high_(high), low_(low) {}
  double near(std::size_t i) const { return kBelow ? low_[i] : -high_[i]; }
  double far(std::size_t i) const { return kBelow ? high_[i] : -low_[i]; }
  // Where the stop has to keep to: under the last two bars. The first has none before it.
  double bound(std::size_t i) const { return lower(near(i), near(i == 1 ? 1 : i - 1)); }

 private:
  std::span<const double> high_, low_;
};

// Moves the stop from row `i` on until the price crosses it; returns that row.
template <bool kBelow>
std::size_t follow(const SideOfBars<kBelow>& bars, std::size_t i, double acceleration, double maximum, Stop& stop,
                   std::span<double> out, std::span<double> direction) {
  double before = i < out.size() ? bars.near(i == 1 ? 1 : i - 1) : 0;
  for (; i < out.size(); ++i) {
    const double near = bars.near(i), bound = lower(before, near);
    if (near <= stop.at) return i;
    before = near;
    out[i] = kBelow ? stop.at : -stop.at;
    if (!direction.empty()) direction[i] = kBelow ? 1 : -1;
    const double far = bars.far(i), faster = lower(stop.share + acceleration, maximum);
    stop.share = far > stop.extreme ? faster : stop.share;
    stop.extreme = higher(far, stop.extreme);
    stop.at = lower(stop.at * (1.0 - stop.share) + stop.extreme * stop.share, bound);
  }
  return i;
}

// Row `i`, on which the price crossed the stop of the other side: it becomes the extreme of that side.
template <bool kBelow>
void turn(const SideOfBars<kBelow>& bars, std::size_t i, double acceleration, Stop& stop, std::span<double> out,
          std::span<double> direction) {
  const double bound = bars.bound(i), at = lower(-stop.extreme, bound);
  out[i] = kBelow ? at : -at;
  if (!direction.empty()) direction[i] = kBelow ? 1 : -1;
  stop = {.at = 0, .extreme = bars.far(i), .share = acceleration};
  stop.at = lower(at * (1.0 - stop.share) + stop.extreme * stop.share, bound);
}

}  // namespace

void parabolic_sar(std::span<const double> high, std::span<const double> low, double acceleration, double maximum,
                   std::span<double> out, std::span<double> direction) {
  fill_before(out, 1);
  fill_before(direction, 1);
  const std::size_t n = out.size();
  if (n < 2) return;
  const double step = std::min(acceleration, maximum), rise = high[1] - high[0], fall = low[0] - low[1];
  const SideOfBars<true> rising(high, low);
  const SideOfBars<false> falling(high, low);
  bool below = !(fall > 0 && fall > rise);
  Stop stop = below ? Stop{low[0], high[1], step} : Stop{-high[0], -low[1], step};
  std::size_t i = 1;
  while (true) {
    i = below ? follow(rising, i, step, maximum, stop, out, direction)
              : follow(falling, i, step, maximum, stop, out, direction);
    if (i == n) return;
    below = !below;
    if (below) {
      turn(rising, i, step, stop, out, direction);
    } else {
      turn(falling, i, step, stop, out, direction);
    }
    ++i;
  }
}

void supertrend(const BarColumns& bars, int period, double multiple, std::span<double> level,
                std::span<double> direction, Scratch& scratch) {
  const auto first = static_cast<std::size_t>(period);
  const std::size_t n = bars.size();
  fill_before(level, first);
  fill_before(direction, first);
  if (n <= first) return;
  const Scratch::Column range(scratch);
  atr(bars.high, bars.low, bars.close, period, range);
  double upper = std::numeric_limits<double>::infinity(), under = -upper;
  const auto step = [&](std::size_t i) {
    const double middle = (bars.high[i] + bars.low[i]) * 0.5, width = multiple * range[i];
    const double over = middle + width, below = middle - width, before = bars.close[i - 1];
    const double least = lower(over, upper), most = higher(below, under);
    upper = before > upper ? over : least;
    under = before < under ? below : most;
  };
  // Bar after bar on one side, which nothing but a turn has to ask for.
  std::size_t i = first;
  const auto put = [&](double value, double side) {
    level[i] = value;
    if (!direction.empty()) direction[i] = side;
    ++i;
  };
  step(i);
  put(under, 1);
  while (i < n) {
    for (; i < n; put(under, 1)) {
      step(i);
      if (bars.close[i] < under) break;
    }
    if (i == n) return;
    put(upper, -1);
    for (; i < n; put(upper, -1)) {
      step(i);
      if (bars.close[i] > upper) break;
    }
    if (i < n) put(under, 1);
  }
}

void linear_regression(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 0, out);
}

void time_series_forecast(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 1, out);
}

void linear_regression_intercept(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 1.0 - period, out);
}

void linear_regression_slope(std::span<const double> x, int period, std::span<double> out) {
  window_slope(x, period, out);
}

void linear_regression_angle(std::span<const double> x, int period, std::span<double> out) {
  window_slope_angle(x, period, out);
}

void aroon(std::span<const double> high, std::span<const double> low, int period, std::span<double> down,
           std::span<double> up) {
  window_bars_since_min(low, period + 1, down);
  window_bars_since_max(high, period + 1, up);
  // In this order 100 is 100 for every period.
  for (double& value : down) value = 100.0 * (period - value) / period;
  for (double& value : up) value = 100.0 * (period - value) / period;
}

void directional_sums(const BarColumns& bars, int period, WilderStart start, const DirectionalSums& sums) {
  const std::size_t n = bars.size(),
                    summed = static_cast<std::size_t>(start == WilderStart::talib ? period - 1 : period);
  for (const auto& column : {sums.plus, sums.minus, sums.range}) fill_before(column, summed);
  const double kept = 1.0 - 1.0 / period;
  double plus = 0, minus = 0, range = 0;
  const auto add = [&](std::size_t i) {
    const double rise = bars.high[i] - bars.high[i - 1], fall = bars.low[i - 1] - bars.low[i];
    const double up = higher(rise, 0), down = higher(fall, 0), before = bars.close[i - 1];
    plus += rise > fall ? up : 0;
    minus += fall > rise ? down : 0;
    range += higher(bars.high[i], before) - lower(bars.low[i], before);
  };
  const auto put = [&](std::size_t i) {
    sums.plus[i] = plus;
    sums.minus[i] = minus;
    sums.range[i] = range;
  };
  if (n <= summed) return;
  for (std::size_t i = 1; i <= summed; ++i) add(i);
  put(summed);
  for (std::size_t i = summed + 1; i < n; ++i) {
    plus *= kept;
    minus *= kept;
    range *= kept;
    add(i);
    put(i);
  }
}

namespace {

// Less than any sum of ranges that prices can have; what is left of one after many bars that did not move.
constexpr double kNoRange = 1e-290;

// Of row i; NaN where it is 0 / 0.
double index_at(const DirectionalSums& sums, std::size_t i) {
  const double plus = sums.plus[i], minus = sums.minus[i], both = plus + minus;
  const double index = 100.0 * (std::fabs(plus - minus) / both);
  return both > kNoRange ? index : kNaN;
}

}  // namespace

std::int64_t directional_indicator(std::span<const double> movement, std::span<const double> range, std::size_t first,
                                   std::span<double> out) {
  fill_before(out, first);
  std::int64_t still = 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    const double indicator = 100.0 * (movement[i] / range[i]);
    const bool moves = range[i] > kNoRange;
    out[i] = moves ? indicator : 0.0;
    still += !moves;
  }
  return still;
}

std::int64_t directional_index(const DirectionalSums& sums, std::size_t first, std::span<double> out) {
  fill_before(out, first);
  for (std::size_t i = first; i < out.size(); ++i) out[i] = index_at(sums, i);
  std::int64_t still = 0;
  double last = 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    still += std::isnan(out[i]);
    if (std::isnan(out[i])) out[i] = last;
    last = out[i];
  }
  return still;
}

std::int64_t average_directional_index(const DirectionalSums& sums, std::size_t first, int period,
                                       std::span<double> out) {
  const std::size_t n = out.size(), seeded = std::min(n, first + static_cast<std::size_t>(period) - 1);
  fill_before(out, seeded);
  if (seeded == n) return 0;
  std::int64_t still = 0;
  double value = 0;
  for (std::size_t i = first; i <= seeded; ++i) {
    const double index = index_at(sums, i);
    if (!std::isnan(index)) value += index;
  }
  value /= period;
  still += std::isnan(index_at(sums, seeded));
  out[seeded] = value;
  for (std::size_t i = seeded + 1; i < n; ++i) out[i] = index_at(sums, i);
  const double share = 1.0 / period, kept = 1.0 - share;
  for (std::size_t i = seeded + 1; i < n; ++i) {
    const double index = out[i];
    still += std::isnan(index);
    if (!std::isnan(index)) value = value * kept + index * share;
    out[i] = value;
  }
  return still;
}

std::int64_t vortex(const BarColumns& bars, int period, std::span<double> plus, std::span<double> minus) {
  const auto first = static_cast<std::size_t>(period);
  fill_before(plus, first);
  fill_before(minus, first);
  const auto high = bars.high, low = bars.low, close = bars.close;
  std::int64_t still = 0;
  stretch_sums<3>(
      1, bars.size(), first,
      [&](std::size_t i) {
        const double range = higher(high[i], close[i - 1]) - lower(low[i], close[i - 1]);
        return std::array{std::fabs(high[i] - low[i - 1]), std::fabs(low[i] - high[i - 1]), range};
      },
      [&](std::size_t i, const std::array<double, 3>& sums) {
        const bool moves = sums[2] > 0;
        const double share = moves ? 1.0 / sums[2] : 0.0;
        plus[i] = sums[0] * share;
        minus[i] = sums[1] * share;
        still += !moves;
      });
  return still;
}

void detrended_price(std::span<const double> x, int period, std::span<double> out) {
  const std::size_t n = x.size(), back = std::min(n, static_cast<std::size_t>(period / 2 + 1));
  window_mean(x.first(n - back), period, out.subspan(back));
  fill_before(out, back);
  for (std::size_t i = back; i < n; ++i) out[i] = x[i] - out[i];
}

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
              fill_before(out, later);
              for (std::size_t i = later; i < n; ++i) out[i] = (conversion[i - later] + base[i - later]) * 0.5;
            }
            if (call.wanted(3)) {
              const auto out = call.out(3);
              midprice(high.first(n - later), low.first(n - later), call.whole(2), out.subspan(later));
              fill_before(out, later);
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
            const auto down = call.out(0), up = call.out(1);
            aroon(call.bars.high, call.bars.low, call.whole(0), down, up);
            if (!call.wanted(2)) return;
            const auto out = call.out(2);
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = up[i] - down[i];
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
            const Scratch::Column plus(call.scratch), minus(call.scratch), range(call.scratch);
            const DirectionalSums sums{plus, minus, range};
            const int length = call.whole(0);
            const auto first = static_cast<std::size_t>(length);
            directional_sums(call.bars, length, WilderStart::wilder, sums);
            if (call.wanted(1)) call.note_undefined(1, directional_indicator(plus, range, first, call.out(1)));
            if (call.wanted(2)) call.note_undefined(2, directional_indicator(minus, range, first, call.out(2)));
            if (!call.wanted(0) && !call.wanted(3)) return;
            const auto index = call.out(0);
            const std::int64_t still = average_directional_index(sums, first, length, index);
            call.note_undefined(0, still);
            if (!call.wanted(3)) return;
            call.note_undefined(3, still);
            const auto out = call.out(3);
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::isnan(index[i]) ? kNaN : index[i] > 25;
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
        const auto plus = call.out(0), minus = call.out(1);
        const Scratch::Column range(call.scratch);
        const DirectionalSums sums{plus, minus, range};
        const int length = call.whole(0);
        const auto first = static_cast<std::size_t>(length);
        directional_sums(call.bars, length, WilderStart::talib, sums);
        if (call.wanted(2)) call.note_undefined(2, directional_indicator(plus, range, first, call.out(2)));
        if (call.wanted(3)) call.note_undefined(3, directional_indicator(minus, range, first, call.out(3)));
        if (call.wanted(4)) call.note_undefined(4, directional_index(sums, first, call.out(4)));
        if (!call.wanted(5) && !call.wanted(6)) return;
        const auto index = call.out(5);
        call.note_undefined(5, average_directional_index(sums, first, length, index));
        if (!call.wanted(6)) return;
        const auto out = call.out(6);
        const std::size_t back = std::min(out.size(), first - 1);
        fill_before(out, back);
        for (std::size_t i = back; i < out.size(); ++i) out[i] = (index[i] + index[i - back]) * 0.5;
        std::int64_t still = 0;
        for (std::size_t i = 3 * first - 2; i < out.size(); ++i) still += std::isnan(index_at(sums, i));
        call.note_undefined(6, still);
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
