#include "market/indicators/volume.h"

#include <cmath>

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

constexpr const char* kFamily = "volume";

// Each value over its mean, and 1 where that is 0, from row `first` on; returns how often it is.
std::int64_t over_mean(std::span<const double> x, std::span<const double> mean, std::size_t first,
                       std::span<double> out) {
  const std::size_t skip = std::min(first, x.size());
  fill_before(first, out);
  return block_ratio(x.data() + skip, mean.data() + skip, x.size() - skip, 1.0, 1.0, out.data() + skip);
}

void volume_sma(IndicatorCall& call) {
  const std::span<const double> volume = call.bars.volume;
  const std::size_t n = volume.size(), first = std::min(n, length(call.whole(0)) - 1);
  const std::span<double> mean = call.out(0);
  window_mean(volume, call.whole(0), mean);
  if (call.wanted(1)) call.note_undefined(1, over_mean(volume, mean, first, call.out(1)));
  if (!call.wanted(2)) return;
  const Scratch::Column deviation(call.scratch);
  double *const wide = deviation.span().data(), *const score = call.out(2).data();
  const double *const from = volume.data(), *const middle = mean.data();
  window_squares(volume, call.whole(0), deviation);
  const double share = 1.0 / std::max(call.whole(0) - 1, 1);
  for (std::size_t i = first; i < n; ++i) {
    wide[i] = std::sqrt(wide[i] * share);
    score[i] = from[i] - middle[i];
  }
  fill_before(first, call.out(2));
  call.note_undefined(2, block_ratio(score + first, wide + first, n - first, 1.0, 0.0, score + first));
}

void multiply(std::span<const double> a, std::span<const double> b, std::span<double> out) {
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] * b[i];
}

std::vector<Indicator> sums_of_volume() {
  return {
      {.name = "obv",
       .title = "On-balance volume",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {},
       .outputs = {{.names = {"obv"},
                    .kind = ColumnKind::signed_sum,
                    .help = "volume of rises less volume of falls so far",
                    .warm_up = no_warm_up}},
       .definition =
           "the sum of volume with the sign of the change of the close; 0 on the first bar as the factory has "
           "it, see talib_obv. Granville 1963",
       .compute = [](IndicatorCall& call) { on_balance_volume(call.bars.close, call.bars.volume, 0.0, call.out(0)); }},
      {.name = "obv_sma",
       .title = "Mean on-balance volume",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {bars_parameter("period", 20)},
       .outputs = {{.names = {"obv_sma_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "mean of obv",
                    .warm_up = first_parameter_rows_less_one}},
       .definition = "mean of the last `period` values of obv",
       .compute =
           [](IndicatorCall& call) {
             const Scratch::Column balance(call.scratch);
             on_balance_volume(call.bars.close, call.bars.volume, 0.0, balance);
             // Whole numbers add up exactly; their means would not be put together so.
             const std::span<double> out = call.out(0);
             window_sum(balance, call.whole(0), out);
             for (double& value : out) value /= call.whole(0);
           }},
      {.name = "talib_obv",
       .title = "On-balance volume as TA-Lib has it",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {},
       .outputs = {{.names = {"talib_obv"},
                    .kind = ColumnKind::signed_sum,
                    .help = "volume of rises less volume of falls so far, and the first bar's",
                    .warm_up = no_warm_up,
                    .talib = "OBV"}},
       .definition = "obv, but the first bar's volume on the first bar",
       .compute =
           [](IndicatorCall& call) {
             const std::span<const double> volume = call.bars.volume;
             if (!volume.empty()) on_balance_volume(call.bars.close, volume, volume[0], call.out(0));
           }},
      {.name = "ad",
       .title = "Accumulation and distribution",
       .family = kFamily,
       .inputs = "high low close volume",
       .parameters = {},
       .outputs = {{.names = {"ad"},
                    .kind = ColumnKind::signed_sum,
                    .help = "volume times close location value, summed up so far",
                    .warm_up = no_warm_up,
                    .undefined = "a bar whose high and low are equal adds nothing",
                    .talib = "AD"}},
       .definition = "the sum of volume times ((close - low) - (high - close)) / (high - low). Chaikin",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             call.note_undefined(0,
                                 accumulation_distribution(bars.high, bars.low, bars.close, bars.volume, call.out(0)));
           }},
      {.name = "adosc",
       .title = "Chaikin oscillator",
       .family = kFamily,
       .inputs = "high low close volume",
       .parameters = {bars_parameter("fast", 3), bars_parameter("slow", 10)},
       .outputs = {{.names = {"adosc", "adosc_{fast}_{slow}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "fast less slow average of ad",
                    .warm_up =
                        [](const ParameterValues& values) { return std::max(values.whole(0), values.whole(1)) - 1; },
                    .undefined = "a bar whose high and low are equal adds nothing",
                    .talib = "ADOSC"}},
       .definition = "exponential averages of ad, both from its first value on. Chaikin",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             call.note_undefined(0, chaikin_oscillator(bars.high, bars.low, bars.close, bars.volume, call.whole(0),
                                                       call.whole(1), call.out(0)));
           }},
  };
}

std::vector<Indicator> flows() {
  return {
      {.name = "mfi",
       .title = "Money flow index",
       .family = kFamily,
       .inputs = "high low close volume",
       .parameters = {bars_parameter("period", 14)},
       .outputs = {{.names = {"mfi_{period}"},
                    .kind = ColumnKind::oscillator,
                    .help = "flow of rises over flow of rises and falls, in percent",
                    .warm_up = first_parameter_rows,
                    .undefined = "0 where nothing flowed",
                    .talib = "MFI"}},
       .definition = "flow is typical price times volume, of the sign of the typical price's change; 100 where none is "
                     "negative. The factory has no value there, and one for the first full window without the change "
                     "that its first bar lacks. Quong and Soudack 1989",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             call.note_undefined(
                 0, money_flow_index(bars.high, bars.low, bars.close, bars.volume, call.whole(0), call.out(0)));
           }},
      {.name = "cmf",
       .title = "Chaikin money flow",
       .family = kFamily,
       .inputs = "high low close volume",
       .parameters = {bars_parameter("period", 20)},
       .outputs = {{.names = {"cmf_{period}"},
                    .kind = ColumnKind::oscillator,
                    .help = "what ad gained over the volume of the window",
                    .warm_up = first_parameter_rows_less_one,
                    .undefined = "0 where the window has no volume"}},
       .definition = "sum of volume times close location value over sum of volume; a bar whose high and low are equal "
                     "gains nothing. Chaikin, as TA-Lib 0.8 has it",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             call.note_undefined(
                 0, chaikin_money_flow(bars.high, bars.low, bars.close, bars.volume, call.whole(0), call.out(0)));
           }},
      {.name = "emv",
       .title = "Ease of movement",
       .family = kFamily,
       .inputs = "high low volume",
       .parameters = {bars_parameter("period", 14),
                      {.name = "unit", .usual = 10'000, .least = 1, .most = 1'000'000'000'000}},
       .outputs = {{.names = {"emv_{period}", "emv_{period}_{unit}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "mean move of the bar's middle for its volume",
                    .warm_up = first_parameter_rows,
                    .undefined = "a bar without volume counts as 0"}},
       .definition = "simple mean of the change of (high + low) / 2, over (volume / unit) / (high - low). Arms 1989",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             call.note_undefined(
                 0, ease_of_movement(bars.high, bars.low, bars.volume, call.whole(0), call.number(1), call.out(0)));
           }},
      {.name = "force_index",
       .title = "Force index",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {bars_parameter("period", 13)},
       .outputs = {{.names = {"force_index_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "mean of change of the close times volume",
                    .warm_up = first_parameter_rows}},
       .definition =
           "exponential average of (close - last close) volume, from the mean of the first `period` on. Elder "
           "1993, as TA-Lib 0.8 has it (EFI)",
       .compute =
           [](IndicatorCall& call) { force_index(call.bars.close, call.bars.volume, call.whole(0), call.out(0)); }},
      {.name = "nvi",
       .title = "Negative volume index",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {},
       .outputs = {{.names = {"nvi"},
                    .kind = ColumnKind::volume,
                    .help = "1000, compounded by the returns of bars of less volume than the one before",
                    .warm_up = no_warm_up}},
       .definition = "index *= close / last close where the volume is less than the last; within 1e-300 and 1e300. "
                     "Dysart 1936, Fosback 1976, as TA-Lib 0.8 has it",
       .compute = [](IndicatorCall& call) { negative_volume_index(call.bars.close, call.bars.volume, call.out(0)); }},
      {.name = "pvi",
       .title = "Positive volume index",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {},
       .outputs = {{.names = {"pvi"},
                    .kind = ColumnKind::volume,
                    .help = "1000, compounded by the returns of bars of more volume than the one before",
                    .warm_up = no_warm_up}},
       .definition = "index *= close / last close where the volume is more than the last; within 1e-300 and 1e300. "
                     "Dysart 1936, Fosback 1976, as TA-Lib 0.8 has it",
       .compute = [](IndicatorCall& call) { positive_volume_index(call.bars.close, call.bars.volume, call.out(0)); }},
      {.name = "vwap",
       .title = "Volume-weighted mean price of the day",
       .family = kFamily,
       .inputs = "time high low close volume",
       .parameters = {},
       .outputs = {{.names = {"vwap"},
                    .kind = ColumnKind::price,
                    .help = "mean typical price of the UTC day so far, weighted by volume",
                    .warm_up = no_warm_up,
                    .undefined = "the typical price where the day has had no volume yet"},
                   {.names = {"price_to_vwap"},
                    .kind = ColumnKind::returns,
                    .help = "close over it, less 1",
                    .warm_up = no_warm_up,
                    .undefined = "the typical price counts where the day has had no volume yet"}},
       .definition =
           "sum of typical price (high + low + close) / 3 times volume over sum of volume, since midnight UTC",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             const std::span<double> mean = call.out(0);
             const std::int64_t undefined = daily_vwap(bars.time, bars.high, bars.low, bars.close, bars.volume, mean);
             call.note_undefined(0, undefined);
             call.note_undefined(1, undefined);
             if (!call.wanted(1)) return;
             const std::span<double> apart = call.out(1);
             for (std::size_t i = 0; i < apart.size(); ++i) apart[i] = bars.close[i] / mean[i] - 1.0;
           }},
  };
}

std::vector<Indicator> levels() {
  return {
      {.name = "volume_sma",
       .title = "Mean volume",
       .family = kFamily,
       .inputs = "volume",
       .parameters = {bars_parameter("period", 20)},
       .outputs = {{.names = {"volume_sma_{period}"},
                    .kind = ColumnKind::volume,
                    .help = "mean of the last volumes",
                    .warm_up = first_parameter_rows_less_one},
                   {.names = {"volume_ratio", "volume_ratio_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "volume over it",
                    .warm_up = first_parameter_rows_less_one,
                    .undefined = "1 where the window has no volume"},
                   {.names = {"volume_zscore", "volume_zscore_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "volume less it, in the window's deviations",
                    .warm_up = first_parameter_rows_less_one,
                    .undefined = "0 where all volumes of the window are equal"}},
       .definition = "mean and sample deviation (over `period` - 1) of the last `period` volumes, this one included",
       .compute = volume_sma},
      {.name = "dollar_volume",
       .title = "Dollar volume",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {},
       .outputs = {{.names = {"dollar_volume"},
                    .kind = ColumnKind::volume,
                    .help = "close times volume",
                    .warm_up = no_warm_up}},
       .definition = "close times volume",
       .compute = [](IndicatorCall& call) { multiply(call.bars.close, call.bars.volume, call.out(0)); }},
      {.name = "dollar_volume_sma",
       .title = "Mean dollar volume",
       .family = kFamily,
       .inputs = "close volume",
       .parameters = {bars_parameter("period", 20)},
       .outputs = {{.names = {"dollar_volume_sma_{period}"},
                    .kind = ColumnKind::volume,
                    .help = "mean of the last dollar volumes",
                    .warm_up = first_parameter_rows_less_one},
                   {.names = {"dollar_volume_ratio", "dollar_volume_ratio_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "dollar volume over it",
                    .warm_up = first_parameter_rows_less_one,
                    .undefined = "1 where the window has no volume"}},
       .definition = "mean of the last `period` values of dollar_volume, this one included",
       .compute =
           [](IndicatorCall& call) {
             const Scratch::Column dollars(call.scratch);
             const std::span<double> mean = call.out(0);
             multiply(call.bars.close, call.bars.volume, dollars);
             window_mean(dollars, call.whole(0), mean);
             if (!call.wanted(1)) return;
             call.note_undefined(1, over_mean(dollars, mean, length(call.whole(0)) - 1, call.out(1)));
           }},
  };
}

}  // namespace

std::vector<Indicator> volume_indicators() {
  std::vector<Indicator> all;
  for (auto* some : {&sums_of_volume, &flows, &levels}) {
    for (Indicator& indicator : some()) all.push_back(std::move(indicator));
  }
  return all;
}

}  // namespace moola::market
