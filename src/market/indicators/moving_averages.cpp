#include "market/indicators/moving_averages.h"

#include <algorithm>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/rolling_blocks.h"

namespace moola::market {
namespace {

// Recursive averages: the mean of the first `period` values, then a share of every new one.
void smoothed(std::span<const double> x, int period, double share, std::span<double> out) {
  const auto length = static_cast<std::size_t>(period);
  const std::size_t leading = leading_nans(x), first = std::min(x.size(), leading + length - 1);
  std::fill_n(out.begin(), first, std::numeric_limits<double>::quiet_NaN());
  if (first == x.size()) return;
  double value = 0;
  for (std::size_t i = leading; i <= first; ++i) value += x[i];
  value /= static_cast<double>(period);
  out[first] = value;
  rolling::each_decay(first, 1.0 - share, out, [&](std::size_t begin, std::size_t end, double* to) {
    for (std::size_t i = begin; i < end; ++i) to[i - begin] = share * x[i];
  });
}

}  // namespace

void sma(std::span<const double> x, int period, std::span<double> out) {
  window_mean(x, period, out);
}

void ema(std::span<const double> x, int period, std::span<double> out) {
  smoothed(x, period, 2.0 / (period + 1), out);
}

void wilder_average(std::span<const double> x, int period, std::span<double> out) {
  smoothed(x, period, 1.0 / period, out);
}

void wma(std::span<const double> x, int period, std::span<double> out) {
  window_weighted_sum(x, period, out, 2.0 / (static_cast<double>(period) * (period + 1.0)));
}

namespace {

// close over an average, less 1
void relate(std::span<const double> close, std::span<const double> average, std::span<double> out) {
  for (std::size_t i = 0; i < close.size(); ++i) out[i] = close[i] / average[i] - 1.0;
}

int period_less_one(const ParameterValues& values) {
  return values.whole(0) - 1;
}

const IndicatorParameter kPeriod{.name = "period", .usual = 20, .least = 1, .most = 100'000};

}  // namespace

std::vector<Indicator> moving_average_indicators() {
  return {
      {.name = "sma",
       .title = "Simple moving average",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {kPeriod},
       .outputs = {{.names = {"sma_{period}"},
                    .kind = ColumnKind::price,
                    .help = "mean of the last closes",
                    .warm_up = period_less_one,
                    .talib = "SMA"},
                   {.names = {"price_to_sma_{period}"},
                    .kind = ColumnKind::returns,
                    .help = "close over it, less 1",
                    .warm_up = period_less_one}},
       .definition = "mean of the last `period` closes",
       .compute =
           [](IndicatorCall& call) {
             const auto mean = call.out(0);
             sma(call.bars.close, call.whole(0), mean);
             if (call.wanted(1)) relate(call.bars.close, mean, call.out(1));
           }},
      {.name = "ema",
       .title = "Exponential moving average",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {kPeriod},
       .outputs = {{.names = {"ema_{period}"},
                    .kind = ColumnKind::price,
                    .help = "exponential mean of the closes",
                    .warm_up = period_less_one,
                    .talib = "EMA"},
                   {.names = {"price_to_ema_{period}"},
                    .kind = ColumnKind::returns,
                    .help = "close over it, less 1",
                    .warm_up = period_less_one}},
       .definition = "e += (close - e) 2 / (period + 1), from the mean of the first `period` closes on",
       .compute =
           [](IndicatorCall& call) {
             const auto mean = call.out(0);
             ema(call.bars.close, call.whole(0), mean);
             if (call.wanted(1)) relate(call.bars.close, mean, call.out(1));
           }},
      {.name = "wma",
       .title = "Linearly weighted moving average",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {kPeriod},
       .outputs = {{.names = {"wma_{period}"},
                    .kind = ColumnKind::price,
                    .help = "mean of the last closes, the newest weighing most",
                    .warm_up = period_less_one,
                    .talib = "WMA"}},
       .definition = "weights 1, 2, … `period`, the newest last",
       .compute = [](IndicatorCall& call) { wma(call.bars.close, call.whole(0), call.out(0)); }},
  };
}

}  // namespace moola::market
