#include "market/indicators/moving_averages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/hilbert.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/stretch_sums.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The mean of the first values, then a share of every new one.
void smoothed(std::span<const double> x, int period, double share, std::span<double> out) {
  const BlockAverage average(period, share, leading_nans(x));
  fill_before(average.first(), out);
  average.compute(RowBlock{0, x.size()}, x.data(), out.data());
}

// `kStages` exponential averages, each of the one before; `out` is the sum of the last of them times `weights`.
// `kTogether` rows at a time wait for the rows before: two pay unless there are so many stages that none waits.
template <std::size_t kStages, std::size_t kTogether, std::size_t kWeights>
void cascade(std::span<const double> x, int period, const double (&weights)[kWeights], std::span<double> out) {
  const auto length = static_cast<std::size_t>(period);
  const std::size_t leading = leading_nans(x), first = std::min(x.size(), leading + kStages * (length - 1));
  std::fill_n(out.begin(), first, kNaN);
  if (first == x.size()) return;
  const double share = 2.0 / (period + 1), kept = 1.0 - share;
  std::array<double, kStages> stage{};
  std::array<std::size_t, kStages> seen{};
  for (std::size_t i = leading; i <= first; ++i) {
    double value = x[i];
    for (std::size_t k = 0; k < kStages; ++k) {
      if (seen[k] == length) {
        stage[k] = stage[k] * kept + value * share;
      } else {
        stage[k] += value;
        if (++seen[k] < length) break;
        stage[k] /= static_cast<double>(period);
      }
      value = stage[k];
    }
  }
  constexpr std::size_t kUnused = kStages - kWeights;
  double value = 0;
  for (std::size_t k = 0; k < kWeights; ++k) value += stage[kUnused + k] * weights[k];
  out[first] = value;

  // From here on a stage holds its average over the shares of all stages up to it: a multiplication less in each.
  std::array<double, kWeights> scaled{};
  double scale = 1;
  for (std::size_t k = 0; k < kStages; ++k) {
    scale *= share;
    stage[k] /= scale;
    if (k >= kUnused) scaled[k - kUnused] = weights[k - kUnused] * scale;
  }
  std::array<double, kTogether> power{kept};
  for (std::size_t r = 1; r < kTogether; ++r) power[r] = power[r - 1] * kept;
  const auto advance = [&](std::array<double, kTogether> values) {
    std::array<double, kTogether> result{};
    for (std::size_t k = 0; k < kStages; ++k) {
      for (std::size_t r = 1; r < kTogether; ++r) values[r] += values[r - 1] * kept;
      for (std::size_t r = 0; r < kTogether; ++r) values[r] += stage[k] * power[r];
      stage[k] = values.back();
      for (std::size_t r = 0; r < kTogether && k >= kUnused; ++r) {
        const double part = values[r] * scaled[k - kUnused];
        result[r] = k == kUnused ? part : result[r] + part;
      }
    }
    return result;
  };
  std::size_t i = first + 1;
  for (; i + kTogether <= x.size(); i += kTogether) {
    std::array<double, kTogether> values;
    for (std::size_t r = 0; r < kTogether; ++r) values[r] = x[i + r];
    values = advance(values);
    for (std::size_t r = 0; r < kTogether; ++r) out[i + r] = values[r];
  }
  if (i == x.size()) return;
  std::array<double, kTogether> values{};
  std::copy(x.begin() + static_cast<std::ptrdiff_t>(i), x.end(), values.begin());
  values = advance(values);
  std::copy_n(values.begin(), x.size() - i, out.begin() + static_cast<std::ptrdiff_t>(i));
}

// The whole part of the square root.
int root_of(int period) {
  int root = 1;
  while ((root + 1) * (root + 1) <= period) ++root;
  return root;
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
  window_weighted_mean(x, period, out);
}

void dema(std::span<const double> x, int period, std::span<double> out) {
  cascade<2, 2>(x, period, {2, -1}, out);
}

void tema(std::span<const double> x, int period, std::span<double> out) {
  cascade<3, 2>(x, period, {3, -3, 1}, out);
}

void t3(std::span<const double> x, int period, double factor, std::span<double> out) {
  // (1 + factor) e - factor e of e, three times over.
  const double v = factor, v2 = v * v, v3 = v2 * v, u = 1 + v;
  cascade<6, 1>(x, period, {u * u * u, -3 * u * u * v, 3 * u * v2, -v3}, out);
}

void trima(std::span<const double> x, int period, std::span<double> out) {
  window_triangle(x, period, out);
}

std::int64_t kama(std::span<const double> x, int period, int fast, int slow, std::span<double> out) {
  const auto length = static_cast<std::size_t>(period);
  const std::size_t leading = leading_nans(x), first = std::min(x.size(), leading + length);
  std::fill_n(out.begin(), first, kNaN);
  if (first == x.size()) return 0;
  const double slowest = 2.0 / (slow + 1), spread = 2.0 / (fast + 1) - slowest;
  std::int64_t undefined = 0;
  double value = x[first - 1];
  stretch_sums<1>(
      leading + 1, x.size(), length, [&](std::size_t i) { return std::array{std::fabs(x[i] - x[i - 1])}; },
      [&](std::size_t i, const std::array<double, 1>& sum) {
        const double path = sum[0], way = std::fabs(x[i] - x[i - length]);
        undefined += path == 0;
        const double efficiency = way < path ? way / path : 1.0;
        const double root = efficiency * spread + slowest, share = root * root;
        value = value * (1.0 - share) + x[i] * share;
        out[i] = value;
      });
  return undefined;
}

void hma(std::span<const double> x, int period, std::span<double> out) {
  window_hull_mean(x, period, out);
}

void zlema(std::span<const double> x, int period, std::span<double> out, Scratch& scratch) {
  const std::size_t n = x.size(), lag = std::min(n, static_cast<std::size_t>(period - 1) / 2);
  const Scratch::Column ahead(scratch);
  std::fill_n(ahead.span().begin(), lag, kNaN);
  for (std::size_t i = lag; i < n; ++i) ahead[i] = 2.0 * x[i] - x[i - lag];
  ema(ahead, period, out);
}

std::int64_t vwma(std::span<const double> x, std::span<const double> volume, int period, std::span<double> out,
                  Scratch& scratch) {
  window_mean_by(x, volume, period, out);
  const std::size_t n = x.size();
  const std::size_t first = std::min(n, leading_nans(x) + static_cast<std::size_t>(period) - 1);
  std::int64_t silent = 0;
  for (std::size_t i = first; i < n; ++i) silent += std::isnan(out[i]);
  if (silent > 0) {
    const Scratch::Column mean(scratch);
    window_mean(x, period, mean);
    for (std::size_t i = first; i < n; ++i) out[i] = std::isnan(out[i]) ? mean[i] : out[i];
  }
  return silent;
}

void midpoint(std::span<const double> x, int period, std::span<double> out) {
  window_middle(x, x, period, out);
}

void midprice(std::span<const double> high, std::span<const double> low, int period, std::span<double> out) {
  window_middle(high, low, period, out);
}

namespace {

// close over an average, less 1
void relate(std::span<const double> close, std::span<const double> average, std::span<double> out) {
  for (std::size_t i = 0; i < close.size(); ++i) out[i] = close[i] / average[i] - 1.0;
}

const IndicatorParameter kPeriod = bars_parameter("period", 20, 1);
const IndicatorParameter kPeriodOfTwo = bars_parameter("period", 20, 2);

// An average of the close that is wholly said by its period.
Indicator average(const std::string& name, const std::string& title, const std::string& help, const std::string& talib,
                  const IndicatorParameter& period, int (*warm_up)(const ParameterValues&),
                  void (*compute)(IndicatorCall&)) {
  return {.name = name,
          .title = title,
          .family = "moving averages",
          .inputs = "close",
          .parameters = {period},
          .outputs = {{.names = {name + "_{period}"},
                       .kind = ColumnKind::price,
                       .help = help,
                       .warm_up = warm_up,
                       .talib = talib}},
          .definition = help,
          .compute = compute};
}

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
                    .warm_up = first_parameter_rows_less_one,
                    .talib = "SMA"},
                   {.names = {"price_to_sma_{period}"},
                    .kind = ColumnKind::returns,
                    .help = "close over it, less 1",
                    .warm_up = first_parameter_rows_less_one}},
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
                    .warm_up = first_parameter_rows_less_one,
                    .talib = "EMA"},
                   {.names = {"price_to_ema_{period}"},
                    .kind = ColumnKind::returns,
                    .help = "close over it, less 1",
                    .warm_up = first_parameter_rows_less_one}},
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
                    .warm_up = first_parameter_rows_less_one,
                    .talib = "WMA"}},
       .definition = "weights 1, 2, … `period`, the newest last",
       .compute = [](IndicatorCall& call) { wma(call.bars.close, call.whole(0), call.out(0)); }},
      average(
          "dema", "Double exponential moving average", "twice the exponential mean less its own exponential mean",
          "DEMA", kPeriod, [](const ParameterValues& v) { return 2 * (v.whole(0) - 1); },
          [](IndicatorCall& call) { dema(call.bars.close, call.whole(0), call.out(0)); }),
      average(
          "tema", "Triple exponential moving average",
          "three exponential means, each of the one before: 3 first - 3 second + third", "TEMA", kPeriod,
          [](const ParameterValues& v) { return 3 * (v.whole(0) - 1); },
          [](IndicatorCall& call) { tema(call.bars.close, call.whole(0), call.out(0)); }),
      {.name = "t3",
       .title = "Tillson's T3",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {{.name = "period", .usual = 5, .least = 1, .most = 100'000},
                      {.name = "factor", .usual = 0.7, .least = 0, .most = 1, .whole = false}},
       .outputs = {{.names = {"t3_{period}", "t3_{period}_{factor}"},
                    .kind = ColumnKind::price,
                    .help = "six exponential means of each other, combined to lag less",
                    .warm_up = [](const ParameterValues& v) { return 6 * (v.whole(0) - 1); },
                    .talib = "T3"}},
       .definition = "(1 + factor) EMA - factor EMA of EMA, applied three times over (Tillson 1998)",
       .compute = [](IndicatorCall& call) { t3(call.bars.close, call.whole(0), call.number(1), call.out(0)); }},
      average("trima", "Triangular moving average", "mean of the last closes, the window's middle weighing most",
              "TRIMA", kPeriod, first_parameter_rows_less_one,
              [](IndicatorCall& call) { trima(call.bars.close, call.whole(0), call.out(0)); }),
      {.name = "kama",
       .title = "Kaufman's adaptive moving average",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {kPeriodOfTwo,
                      {.name = "fast", .usual = 2, .least = 1, .most = 100'000},
                      {.name = "slow", .usual = 30, .least = 1, .most = 100'000}},
       .outputs = {{.names = {"kama_{period}", "kama_{period}_{fast}_{slow}"},
                    .kind = ColumnKind::price,
                    .help = "an exponential mean that is fast in a trend and slow in noise",
                    .warm_up = [](const ParameterValues& v) { return v.whole(0); },
                    .undefined = "as fast as in a trend where the close did not move in the window",
                    .talib = "KAMA"}},
       .definition = "k += (close - k) c^2, c between 2 / (slow + 1) and 2 / (fast + 1) by the way made over the path "
                     "walked in `period` bars (Kaufman 1995)",
       .compute =
           [](IndicatorCall& call) {
             call.note_undefined(0, kama(call.bars.close, call.whole(0), call.whole(1), call.whole(2), call.out(0)));
           }},
      average(
          "hma", "Hull moving average", "linearly weighted means combined so that most of the lag is gone", "HMA",
          kPeriodOfTwo, [](const ParameterValues& v) { return v.whole(0) + root_of(v.whole(0)) - 2; },
          [](IndicatorCall& call) { hma(call.bars.close, call.whole(0), call.out(0)); }),
      average(
          "zlema", "Zero-lag exponential moving average", "exponential mean of the closes plus their latest gain",
          "ZLEMA", kPeriod, [](const ParameterValues& v) { return v.whole(0) - 1 + (v.whole(0) - 1) / 2; },
          [](IndicatorCall& call) { zlema(call.bars.close, call.whole(0), call.out(0), call.scratch); }),
      {.name = "vwma",
       .title = "Volume-weighted moving average",
       .family = "moving averages",
       .inputs = "close volume",
       .parameters = {kPeriod},
       .outputs = {{.names = {"vwma_{period}"},
                    .kind = ColumnKind::price,
                    .help = "mean of the last closes, weighted by volume",
                    .warm_up = first_parameter_rows_less_one,
                    .undefined = "the simple mean where the window has no volume",
                    .talib = "VWMA"}},
       .definition = "sum of close times volume over the sum of volume",
       .compute =
           [](IndicatorCall& call) {
             call.note_undefined(0, vwma(call.bars.close, call.bars.volume, call.whole(0), call.out(0), call.scratch));
           }},
      average("midpoint", "Middle of the closes", "halfway between the highest and the lowest of the last closes",
              "MIDPOINT", {.name = "period", .usual = 14, .least = 1, .most = 100'000}, first_parameter_rows_less_one,
              [](IndicatorCall& call) { midpoint(call.bars.close, call.whole(0), call.out(0)); }),
      {.name = "midprice",
       .title = "Middle of the range",
       .family = "moving averages",
       .inputs = "high low",
       .parameters = {{.name = "period", .usual = 14, .least = 1, .most = 100'000}},
       .outputs = {{.names = {"midprice_{period}"},
                    .kind = ColumnKind::price,
                    .help = "halfway between the highest high and the lowest low of the last bars",
                    .warm_up = first_parameter_rows_less_one,
                    .talib = "MIDPRICE"}},
       .definition = "(highest high + lowest low) / 2 over `period` bars",
       .compute = [](IndicatorCall& call) { midprice(call.bars.high, call.bars.low, call.whole(0), call.out(0)); }},
      {.name = "ht_trendline",
       .title = "Instantaneous trendline of the Hilbert transform",
       .family = "moving averages",
       .inputs = "close",
       .parameters = {},
       .outputs = {{.names = {"ht_trendline"},
                    .kind = ColumnKind::price,
                    .help = "mean of the closes over one dominant cycle",
                    .warm_up = [](const ParameterValues&) { return kHilbertTrendlineWarmUp; },
                    .talib = "HT_TRENDLINE"}},
       .definition = "mean over the dominant cycle of the smoothed closes, and of this the mean weighted 4, 3, 2, 1 "
                     "(Ehlers 2001)",
       .compute = [](IndicatorCall& call) { hilbert_trendline(call.bars.close, call.out(0)); }},
  };
}

}  // namespace moola::market
