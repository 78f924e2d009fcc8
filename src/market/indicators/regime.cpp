#include "market/indicators/regime.h"

#include <algorithm>
#include <cmath>

#include "market/indicators/families.h"
#include "market/indicators/moving_averages.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/statistics.h"
#include "market/indicators/table_entries.h"
#include "market/indicators/volatility.h"

namespace moola::market {

// A value is above the median of a window that it belongs to when more than half of the others are below it: no median
// need be found, nor its mean of two rounded.
void volatility_regime(std::span<const double> close, int period, int window, Scratch& scratch, std::span<double> out) {
  Scratch::Column volatility(scratch);
  historical_volatility(close, period, 1.0, scratch, volatility);
  window_count_below(volatility, window, out);
  const double half = 0.5 * (window - 1);
  for (double& below : out) {
    const double state = below > half ? 1.0 : 0.0;
    below = std::isnan(below) ? below : state;
  }
}

void trend_regime(std::span<const double> close, int fast, int slow, Scratch& scratch, std::span<double> out) {
  Scratch::Column near(scratch);
  sma(close, fast, near);
  sma(close, slow, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double up = close[i] > near[i] && near[i] > out[i] ? 1.0 : 0.0;
    const double down = close[i] < near[i] && near[i] < out[i] ? 1.0 : 0.0;
    out[i] = std::isnan(near[i]) || std::isnan(out[i]) ? near[i] + out[i] : up - down;
  }
}

// The percentile p of n sorted values lies between the one that (n - 1) p / 100 others precede, rounded down, and the
// next. So how many of the window are below and above a value of it says on which side of the percentile it is.
void atr_regime(const BarColumns& bars, int period, int window, int low, int high, Scratch& scratch,
                std::span<double> out) {
  Scratch::Column range(scratch), above(scratch);
  atr(bars.high, bars.low, bars.close, period, range);
  window_count_below(range, window, out);
  window_count_above(range, window, above);
  const std::int64_t last = window - 1;
  const std::int64_t place_low = last * low / 100, place_high = last * high / 100;
  const bool between = last * low % 100 != 0;
  const auto least_above = static_cast<double>(window - (place_low + (between ? 1 : 0)));
  const auto least_below = static_cast<double>(place_high + 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double is_low = above[i] >= least_above ? 1.0 : 0.0, is_high = out[i] >= least_below ? 1.0 : 0.0;
    out[i] = std::isnan(out[i]) ? out[i] : is_high - is_low;
  }
}

std::int64_t hurst_regime(std::span<const double> close, int period, int longest, double reverting, double trending,
                          Scratch& scratch, std::span<double> out) {
  Scratch::Column returns(scratch);
  log_change(close, 1, returns);
  const std::int64_t undefined = hurst_exponent(returns, period - 1, longest, out);
  for (double& h : out) {
    const double up = h > trending ? 1.0 : 0.0, down = h < reverting ? 1.0 : 0.0;
    h = std::isnan(h) ? h : up - down;
  }
  return undefined;
}

namespace {

Indicator regime(std::string name, std::string title, std::string inputs, std::vector<IndicatorParameter> parameters,
                 IndicatorOutput output, std::string definition, void (*compute)(IndicatorCall&)) {
  output.kind = ColumnKind::state;
  return single_indicator("regime", std::move(name), std::move(title), std::move(inputs), std::move(parameters),
                          std::move(output), std::move(definition), compute);
}

int both_less_one(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) - 1;
}

}  // namespace

std::vector<Indicator> regime_indicators() {
  return {
      regime("volatility_regime", "Volatility above its median", "close",
             {{.name = "period", .usual = 20, .least = 2, .most = 100'000},
              {.name = "window", .usual = 100, .least = 1, .most = 100'000}},
             {.names = {"volatility_regime", "volatility_regime_{period}_{window}"},
              .kind = ColumnKind::state,
              .help = "1 where volatility is above its median, else 0",
              .warm_up = both_less_one},
             "whether hvol_{period} is above the median of its last `window` values",
             [](IndicatorCall& call) {
               volatility_regime(call.bars.close, call.whole(0), call.whole(1), call.scratch, call.out(0));
             }),
      regime("trend_regime", "Order of close and its means", "close",
             {{.name = "fast", .usual = 50, .least = 1, .most = 100'000},
              {.name = "slow", .usual = 200, .least = 1, .most = 100'000}},
             {.names = {"trend_regime", "trend_regime_{fast}_{slow}"},
              .kind = ColumnKind::state,
              .help = "1 upwards, -1 downwards, else 0",
              .warm_up = [](const ParameterValues& values) { return std::max(values.whole(0), values.whole(1)) - 1; }},
             "1 where close > sma_{fast} > sma_{slow}, -1 where close < sma_{fast} < sma_{slow}",
             [](IndicatorCall& call) {
               trend_regime(call.bars.close, call.whole(0), call.whole(1), call.scratch, call.out(0));
             }),
      regime("atr_regime", "Percentile of the true range", "high low close",
             {{.name = "period", .usual = 14, .least = 1, .most = 100'000},
              {.name = "window", .usual = 100, .least = 1, .most = 100'000},
              {.name = "low", .usual = 25, .least = 1, .most = 49},
              {.name = "high", .usual = 75, .least = 50, .most = 99}},
             {.names = {"atr_regime", "atr_regime_{period}_{window}", "atr_regime_{period}_{window}_{low}_{high}"},
              .kind = ColumnKind::state,
              .help = "-1 where ranges are small, 1 where they are large, else 0",
              .warm_up = both_less_one},
             "atr_{period} below the `low` or above the `high` percentile of its last `window` values",
             [](IndicatorCall& call) {
               atr_regime(call.bars, call.whole(0), call.whole(1), call.whole(2), call.whole(3), call.scratch,
                          call.out(0));
             }),
      regime("hurst_regime", "Reversion or trend by the Hurst exponent", "close",
             {{.name = "period", .usual = 100, .least = 40, .most = 100'000},
              {.name = "longest", .usual = 20, .least = 3, .most = 38},
              {.name = "reverting", .usual = 0.4, .least = 0, .most = 0.5, .whole = false},
              {.name = "trending", .usual = 0.6, .least = 0.5, .most = 1, .whole = false}},
             {.names = {"hurst_regime", "hurst_regime_{period}_{longest}",
                        "hurst_regime_{period}_{longest}_{reverting}_{trending}"},
              .kind = ColumnKind::state,
              .help = "-1 where moves are undone, 1 where they go on, else 0",
              .warm_up = [](const ParameterValues& values) { return values.whole(0) - 1; },
              .undefined = "0 where hurst has none"},
             "hurst_{period}_{longest} below `reverting` or above `trending`",
             [](IndicatorCall& call) {
               call.note_undefined(0, hurst_regime(call.bars.close, call.whole(0), call.whole(1), call.number(2),
                                                   call.number(3), call.scratch, call.out(0)));
             }),
  };
}

}  // namespace moola::market
