#include "market/indicators/bands.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/moving_averages.h"
#include "market/indicators/rolling.h"
#include "market/indicators/table_entries.h"
#include "market/indicators/volatility.h"

namespace moola::market {

void mean_and_deviation(std::span<const double> x, int period, Deviation kind, std::span<double> mean,
                        std::span<double> deviation) {
  window_mean_and_squares(x, period, mean, deviation);
  const double share = 1.0 / (kind == Deviation::sample ? period - 1 : period);
  for (double& value : deviation) value = std::sqrt(value * share);
}

void keltner_channel(const BarColumns& bars, int period, int atr_period, std::span<double> average,
                     std::span<double> range, Scratch& scratch) {
  const std::size_t n = bars.size(), first = static_cast<std::size_t>(std::max(period - 1, atr_period));
  for (const auto& column : {average, range})
    std::fill_n(column.begin(), std::min(n, first), std::numeric_limits<double>::quiet_NaN());
  if (n <= first) return;
  const Scratch::Column typical(scratch);
  for (std::size_t i = 0; i < n; ++i) typical[i] = (bars.high[i] + bars.low[i] + bars.close[i]) * (1.0 / 3.0);
  const std::size_t from = first + 1 - static_cast<std::size_t>(period);
  ema(typical.span().subspan(from), period, average.subspan(from));
  const std::size_t before = first - static_cast<std::size_t>(atr_period);
  atr(bars.high.subspan(before), bars.low.subspan(before), bars.close.subspan(before), atr_period,
      range.subspan(before));
}

void donchian_channel(std::span<const double> high, std::span<const double> low, int period, std::span<double> upper,
                      std::span<double> lower) {
  window_max(high, period, upper);
  window_min(low, period, lower);
}

namespace {

// center + multiple width; NaN while one of them is.
void put_band(std::span<const double> center, std::span<const double> width, double multiple, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = center[i] + multiple * width[i];
}

// How many widths `x` lies above `center`; 0 where the width is less than the last bit of `x` (that of a series which
// does not move, or hardly at all since it last did). Returns how many of the latter from row `first` on.
std::int64_t put_score(std::span<const double> x, std::span<const double> center, std::span<const double> width,
                       std::size_t first, std::span<double> out) {
  std::fill_n(out.begin(), std::min(first, out.size()), std::numeric_limits<double>::quiet_NaN());
  std::int64_t flat = 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    const bool moves = width[i] > x[i] * 0x1p-52;
    const double score = (x[i] - center[i]) / width[i];
    out[i] = moves ? score : 0.0;
    flat += !moves;
  }
  return flat;
}

// Where x lies between the band `below` widths under the center, 0, and the one `above` widths over it, 1.
void to_position(std::span<double> score, double below, double above) {
  const double share = 1.0 / (below + above), middle = below * share;
  for (double& value : score) value = middle + value * share;
}

const IndicatorParameter kPeriod = bars_parameter("period", 20, 1);
const IndicatorParameter kPeriodOfTwo = bars_parameter("period", 20, 2);
IndicatorParameter multiple(const std::string& name, double usual) {
  return {.name = name, .usual = usual, .least = 0.01, .most = 100, .whole = false};
}

std::vector<std::string> names(const std::string& name, const std::string& parameters) {
  return {name, name + parameters};
}

Indicator bollinger() {
  const std::string parameters = "_{period}_{deviations}";
  return {.name = "bb",
          .title = "Bollinger bands",
          .family = "bands",
          .inputs = "close",
          .parameters = {kPeriodOfTwo, multiple("deviations", 2)},
          .outputs = {{.names = names("bb_middle", parameters),
                       .kind = ColumnKind::price,
                       .help = "mean of the last closes",
                       .warm_up = first_parameter_rows_less_one},
                      {.names = names("bb_upper", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many standard deviations above it",
                       .warm_up = first_parameter_rows_less_one},
                      {.names = names("bb_lower", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many standard deviations below it",
                       .warm_up = first_parameter_rows_less_one},
                      {.names = names("bb_bandwidth", parameters),
                       .kind = ColumnKind::volatility,
                       .help = "upper band less lower band, over the middle",
                       .warm_up = first_parameter_rows_less_one},
                      {.names = names("bb_position", parameters),
                       .kind = ColumnKind::signed_sum,
                       .help = "close between the bands: 0 at the lower, 1 at the upper",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "0.5 where the close did not move in the window"},
                      {.names = names("close_bb_zscore", parameters),
                       .kind = ColumnKind::signed_sum,
                       .help = "standard deviations from the mean to the close",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "0 where the close did not move in the window"}},
          .definition = "mean and sample standard deviation of `period` closes (Bollinger 2001, but for the sample)",
          .compute = [](IndicatorCall& call) {
            const Scratch::Column deviation(call.scratch);
            const auto close = call.bars.close;
            const auto mean = call.out(0);
            const double width = call.number(1);
            mean_and_deviation(close, call.whole(0), Deviation::sample, mean, deviation);
            if (call.wanted(1)) put_band(mean, deviation, width, call.out(1));
            if (call.wanted(2)) put_band(mean, deviation, -width, call.out(2));
            if (call.wanted(3)) {
              const auto out = call.out(3);
              for (std::size_t i = 0; i < out.size(); ++i) out[i] = 2.0 * width * deviation[i] / mean[i];
            }
            const auto first = static_cast<std::size_t>(call.whole(0) - 1);
            for (const std::size_t output : {4U, 5U}) {
              if (!call.wanted(output)) continue;
              call.note_undefined(output, put_score(close, mean, deviation, first, call.out(output)));
              if (output == 4) to_position(call.out(output), width, width);
            }
          }};
}

// A fault of the factory's: upper less lower band over the standard deviation is twice their distance, always.
Indicator bollinger_width() {
  return {
      .name = "bb_width",
      .title = "Bollinger bands' width in standard deviations, a constant",
      .family = "bands",
      .inputs = "close",
      .parameters = {kPeriodOfTwo, multiple("deviations", 2)},
      .outputs = {{.names = names("bb_width", "_{period}_{deviations}"),
                   .kind = ColumnKind::signed_sum,
                   .help = "for comparison with the factory only: 2 `deviations` but for rounding; see bb_bandwidth",
                   .warm_up = first_parameter_rows_less_one,
                   .undefined = "2 `deviations` where the close did not move in the window"}},
      .definition = "(bb_upper - bb_lower) / standard deviation",
      .compute = [](IndicatorCall& call) {
        const Scratch::Column mean(call.scratch), deviation(call.scratch);
        const auto out = call.out(0);
        const double width = call.number(1);
        mean_and_deviation(call.bars.close, call.whole(0), Deviation::sample, mean, deviation);
        std::int64_t flat = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
          const double s = deviation[i];
          out[i] = s == 0 ? 2.0 * width : ((mean[i] + width * s) - (mean[i] - width * s)) / s;
          flat += s == 0;
        }
        call.note_undefined(0, flat);
      }};
}

Indicator bbands() {
  const std::string parameters = "_{period}_{deviations_up}_{deviations_down}";
  return {.name = "bbands",
          .title = "Bollinger bands of the population's deviation",
          .family = "bands",
          .inputs = "close",
          .parameters = {kPeriod, multiple("deviations_up", 2), multiple("deviations_down", 2)},
          .outputs = {{.names = names("bbands_upper", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many standard deviations above the mean of the last closes",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "BBANDS.outRealUpperBand"},
                      {.names = names("bbands_middle", parameters),
                       .kind = ColumnKind::price,
                       .help = "mean of the last closes",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "BBANDS.outRealMiddleBand"},
                      {.names = names("bbands_lower", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many standard deviations below the mean",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "BBANDS.outRealLowerBand"},
                      {.names = names("bbands_percent_b", parameters),
                       .kind = ColumnKind::signed_sum,
                       .help = "close between the bands: 0 at the lower, 1 at the upper",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "where the mean lies, 0.5 for bands of one width, where the close did not move"},
                      {.names = names("bbands_bandwidth", parameters),
                       .kind = ColumnKind::volatility,
                       .help = "upper band less lower band, over the middle",
                       .warm_up = first_parameter_rows_less_one}},
          .definition = "mean and population standard deviation of `period` closes (Bollinger 2001)",
          .compute = [](IndicatorCall& call) {
            const Scratch::Column deviation(call.scratch);
            const auto mean = call.out(1);
            const double up = call.number(1), down = call.number(2);
            mean_and_deviation(call.bars.close, call.whole(0), Deviation::population, mean, deviation);
            if (call.wanted(0)) put_band(mean, deviation, up, call.out(0));
            if (call.wanted(2)) put_band(mean, deviation, -down, call.out(2));
            if (call.wanted(3)) {
              const auto first = static_cast<std::size_t>(call.whole(0) - 1);
              call.note_undefined(3, put_score(call.bars.close, mean, deviation, first, call.out(3)));
              to_position(call.out(3), down, up);
            }
            if (call.wanted(4)) {
              const auto out = call.out(4);
              for (std::size_t i = 0; i < out.size(); ++i) out[i] = (up + down) * deviation[i] / mean[i];
            }
          }};
}

Indicator keltner_of_closes() {
  const std::string parameters = "_{period}_{multiple}";
  return {.name = "kc",
          .title = "Keltner channel around the close's average",
          .family = "bands",
          .inputs = "high low close",
          .parameters = {kPeriod, multiple("multiple", 2)},
          .outputs = {{.names = names("kc_middle", parameters),
                       .kind = ColumnKind::price,
                       .help = "exponential mean of the closes",
                       .warm_up = first_parameter_rows_less_one},
                      {.names = names("kc_upper", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many average true ranges above it",
                       .warm_up = first_parameter_rows},
                      {.names = names("kc_lower", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many average true ranges below it",
                       .warm_up = first_parameter_rows},
                      {.names = names("kc_position", parameters),
                       .kind = ColumnKind::signed_sum,
                       .help = "close in the channel: 0 at the lower end, 1 at the upper",
                       .warm_up = first_parameter_rows,
                       .undefined = "0.5 where the average true range is none"},
                      {.names = names("close_kc_atr_dev", parameters),
                       .kind = ColumnKind::signed_sum,
                       .help = "average true ranges from the channel's middle to the close",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where the average true range is none"}},
          .definition = "EMA of the close and `multiple` ATR to either side, both over `period` bars",
          .compute = [](IndicatorCall& call) {
            const Scratch::Column range(call.scratch);
            const auto& bars = call.bars;
            const auto middle = call.out(0);
            const double width = call.number(1);
            ema(bars.close, call.whole(0), middle);
            if (!call.wanted(1) && !call.wanted(2) && !call.wanted(3) && !call.wanted(4)) return;
            atr(bars.high, bars.low, bars.close, call.whole(0), range);
            if (call.wanted(1)) put_band(middle, range, width, call.out(1));
            if (call.wanted(2)) put_band(middle, range, -width, call.out(2));
            const auto first = static_cast<std::size_t>(call.whole(0));
            for (const std::size_t output : {3U, 4U}) {
              if (!call.wanted(output)) continue;
              call.note_undefined(output, put_score(bars.close, middle, range, first, call.out(output)));
              if (output == 3) to_position(call.out(output), width, width);
            }
          }};
}

Indicator keltner() {
  const std::string parameters = "_{period}_{atr_period}_{multiple}";
  const auto both = [](const ParameterValues& values) { return std::max(values.whole(0) - 1, values.whole(1)); };
  return {.name = "keltner",
          .title = "Keltner channel around the typical price's average",
          .family = "bands",
          .inputs = "high low close",
          .parameters = {kPeriod,
                         {.name = "atr_period", .usual = 10, .least = 1, .most = 100'000},
                         multiple("multiple", 2)},
          .outputs = {{.names = names("keltner_upper", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many average true ranges above the middle",
                       .warm_up = both,
                       .talib = "KC.outRealUpperBand"},
                      {.names = names("keltner_middle", parameters),
                       .kind = ColumnKind::price,
                       .help = "exponential mean of (high + low + close) / 3",
                       .warm_up = both,
                       .talib = "KC.outRealMiddleBand"},
                      {.names = names("keltner_lower", parameters),
                       .kind = ColumnKind::price,
                       .help = "so many average true ranges below the middle",
                       .warm_up = both,
                       .talib = "KC.outRealLowerBand"}},
          .definition = "EMA of the typical price over `period` bars and `multiple` ATR over `atr_period` bars",
          .compute = [](IndicatorCall& call) {
            const Scratch::Column range(call.scratch);
            const auto middle = call.out(1);
            keltner_channel(call.bars, call.whole(0), call.whole(1), middle, range, call.scratch);
            if (call.wanted(0)) put_band(middle, range, call.number(2), call.out(0));
            if (call.wanted(2)) put_band(middle, range, -call.number(2), call.out(2));
          }};
}

Indicator donchian() {
  return {.name = "donchian",
          .title = "Donchian channel",
          .family = "bands",
          .inputs = "high low close",
          .parameters = {kPeriod},
          .outputs = {{.names = {"donchian_upper_{period}"},
                       .kind = ColumnKind::price,
                       .help = "highest high of the last bars",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "DONCHIAN.outRealUpperBand"},
                      {.names = {"donchian_middle_{period}"},
                       .kind = ColumnKind::price,
                       .help = "halfway between the highest high and the lowest low",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "DONCHIAN.outRealMiddleBand"},
                      {.names = {"donchian_lower_{period}"},
                       .kind = ColumnKind::price,
                       .help = "lowest low of the last bars",
                       .warm_up = first_parameter_rows_less_one,
                       .talib = "DONCHIAN.outRealLowerBand"},
                      {.names = {"donchian_position_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "close in the channel: 0 at the lower end, 1 at the upper",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "0.5 where the channel has no height"}},
          .definition = "extremes of `period` bars, this one too (Donchian 1960)",
          .compute = [](IndicatorCall& call) {
            const auto& bars = call.bars;
            const auto upper = call.out(0), lower = call.out(2);
            donchian_channel(bars.high, bars.low, call.whole(0), upper, lower);
            if (call.wanted(1)) {
              const auto out = call.out(1);
              for (std::size_t i = 0; i < out.size(); ++i) out[i] = (upper[i] + lower[i]) * 0.5;
            }
            if (!call.wanted(3)) return;
            const auto out = call.out(3);
            std::int64_t flat = 0;
            for (std::size_t i = 0; i < out.size(); ++i) {
              const double height = upper[i] - lower[i], position = (bars.close[i] - lower[i]) / height;
              out[i] = height == 0 ? 0.5 : position;
              flat += height == 0;
            }
            call.note_undefined(3, flat);
          }};
}

}  // namespace

std::vector<Indicator> band_indicators() {
  return {bollinger(), bollinger_width(), bbands(), keltner_of_closes(), keltner(), donchian()};
}

}  // namespace moola::market
