// The columns of longer bars as the Python factory's state D28 computes them, where that is not what their names say:
// for comparing with its tables, not for use.
#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/table_entries.h"
#include "market/indicators/volatility.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// e += (x - e) 2 / (period + 1) from the first value on; kept to itself for the first `period` - 1 rows.
void ema_from_first(std::span<const double> x, int period, std::span<double> out) {
  const double share = 2.0 / (period + 1), kept = 1.0 - share;
  const std::size_t leading = leading_nans(x);
  std::fill(out.begin(), out.end(), kNaN);
  double value = 0;
  for (std::size_t i = leading; i < x.size(); ++i) {
    value = i == leading ? x[i] : kept * value + share * x[i];
    if (i - leading + 1 >= static_cast<std::size_t>(period)) out[i] = value;
  }
}

// The mean gain over the mean gain and loss of a plain window. 0 without a loss is the factory's.
void rsi_of_means(IndicatorCall& call) {
  const auto close = call.bars.close;
  const std::span<double> out = call.out(0);
  Scratch::Column gain(call.scratch), loss(call.scratch), mean_gain(call.scratch), mean_loss(call.scratch);
  for (std::size_t i = 0; i < close.size(); ++i) {
    const double change = i == 0 ? kNaN : close[i] - close[i - 1];
    gain[i] = i == 0 ? kNaN : std::max(change, 0.0);
    loss[i] = i == 0 ? kNaN : std::max(-change, 0.0);
  }
  window_mean(gain, call.whole(0), mean_gain);
  window_mean(loss, call.whole(0), mean_loss);
  std::int64_t lossless = 0;
  for (std::size_t i = 0; i < close.size(); ++i) {
    const bool none = mean_loss[i] == 0.0;
    out[i] = none ? 0.0 : 100.0 - 100.0 / (1.0 + mean_gain[i] / mean_loss[i]);
    lossless += none;
  }
  call.note_undefined(0, lossless);
}

void atr_of_means(IndicatorCall& call) {
  const BarColumns& bars = call.bars;
  Scratch::Column range(call.scratch);
  true_range(bars.high, bars.low, bars.close, range);
  if (bars.size() > 0) range[0] = bars.high[0] - bars.low[0];
  window_mean(range, call.whole(0), call.out(0));
}

void macd_from_first(IndicatorCall& call) {
  const auto close = call.bars.close;
  const std::span<double> out = call.out(0);
  Scratch::Column fast(call.scratch), slow(call.scratch), signal(call.scratch);
  ema_from_first(close, call.whole(0), fast);
  ema_from_first(close, call.whole(1), slow);
  for (std::size_t i = 0; i < close.size(); ++i) fast[i] -= slow[i];
  ema_from_first(fast, call.whole(2), signal);
  for (std::size_t i = 0; i < close.size(); ++i) out[i] = fast[i] - signal[i];
}

void close_over_mean(IndicatorCall& call) {
  const std::span<double> out = call.out(0);
  window_mean(call.bars.close, call.whole(0), out);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = call.bars.close[i] / out[i];
}

Indicator entry(std::string name, std::string title, std::string inputs, double period, IndicatorOutput output,
                std::string definition, void (*compute)(IndicatorCall&)) {
  return single_indicator("compatibility with the factory's state D28", std::move(name), std::move(title),
                          std::move(inputs), {bars_parameter("period", period)}, std::move(output),
                          std::move(definition), compute);
}

}  // namespace

std::vector<Indicator> factory_d28_indicators() {
  std::vector<Indicator> all{
      entry("d28_ema", "Exponential average from the first close", "close", 9,
            {.names = {"d28_ema_{period}"},
             .kind = ColumnKind::price,
             .help = "exponential mean of the closes",
             .warm_up = first_parameter_rows_less_one},
            "e += (close - e) 2 / (period + 1), from the first close on",
            [](IndicatorCall& call) { ema_from_first(call.bars.close, call.whole(0), call.out(0)); }),
      entry("d28_rsi", "Relative strength of plain means", "close", 14,
            {.names = {"d28_rsi_{period}"},
             .kind = ColumnKind::oscillator,
             .help = "mean gain against mean loss",
             .warm_up = [](const ParameterValues& values) { return values.whole(0); },
             .undefined = "0 where the window has no loss"},
            "100 - 100 / (1 + mean gain / mean loss) of the last `period` closes", rsi_of_means),
      entry("d28_atr", "Plain mean of true ranges", "high low close", 14,
            {.names = {"d28_atr_{period}"},
             .kind = ColumnKind::volatility,
             .help = "mean true range",
             .warm_up = first_parameter_rows_less_one},
            "mean of the last `period` true ranges, the first bar's being high less low", atr_of_means),
      entry("d28_close_sma_ratio", "Close over its mean", "close", 20,
            {.names = {"d28_close_sma_ratio_{period}"},
             .kind = ColumnKind::returns,
             .help = "close over the mean of the last closes",
             .warm_up = first_parameter_rows_less_one},
            "close / mean of the last `period` closes", close_over_mean),
  };
  all.push_back({.name = "d28_macd",
                 .title = "Convergence of averages from the first close",
                 .family = all.front().family,
                 .inputs = "close",
                 .parameters = {{.name = "fast", .usual = 12, .least = 1, .most = 100'000},
                                {.name = "slow", .usual = 26, .least = 1, .most = 100'000},
                                {.name = "signal", .usual = 9, .least = 1, .most = 100'000}},
                 .outputs = {{.names = {"d28_macd_hist", "d28_macd_hist_{fast}_{slow}_{signal}"},
                              .kind = ColumnKind::signed_sum,
                              .help = "distance of the averages, less its own average",
                              .warm_up =
                                  [](const ParameterValues& values) {
                                    return std::max(values.whole(0), values.whole(1)) + values.whole(2) - 2;
                                  }}},
                 .definition = "averages as d28_ema",
                 .compute = macd_from_first});
  return all;
}

}  // namespace moola::market
