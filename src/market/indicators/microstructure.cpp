#include "market/indicators/microstructure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/table_entries.h"
#include "market/portable_exp.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// out[i] = of(i) from row 1 on.
template <class Of>
void from_second_row(std::span<double> out, Of&& of) {
  if (out.empty()) return;
  out[0] = kNaN;
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = of(i);
}

double absolute_return(std::span<const double> close, std::size_t i) {
  return std::fabs(close[i] / close[i - 1] - 1.0);
}

// numerator(i) over what `out` holds, or `neutral` where that is 0; rows of NaN stay. Returns how many got `neutral`.
template <class Numerator>
std::int64_t over(std::span<double> out, double neutral, Numerator&& numerator) {
  std::int64_t undefined = 0;
  for (std::size_t i = leading_nans(out); i < out.size(); ++i) {
    const bool none = out[i] == 0.0;
    out[i] = none ? neutral : numerator(i) / out[i];
    undefined += none;
  }
  return undefined;
}

}  // namespace

std::int64_t amihud(const BarColumns& bars, std::span<double> out) {
  std::int64_t silent = 0;
  from_second_row(out, [&](std::size_t i) {
    const bool none = bars.volume[i] == 0.0;
    silent += none;
    return none ? 0.0 : absolute_return(bars.close, i) / bars.volume[i];
  });
  return silent;
}

std::int64_t amihud_mean(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out) {
  // Not otherwise where every bar has volume: whether one to come has none may not change a bit of this one.
  Scratch::Column each(scratch), sum(scratch), has_volume(scratch);
  amihud(bars, each);
  window_sum(each, period, sum);
  from_second_row(has_volume, [&](std::size_t i) { return bars.volume[i] == 0.0 ? 0.0 : 1.0; });
  window_sum(has_volume, period, out);
  return over(out, 0.0, [&](std::size_t i) { return sum[i]; });
}

void roll_spread(std::span<const double> close, int period, Scratch& scratch, std::span<double> out) {
  Scratch::Column change(scratch), before(scratch);
  from_second_row(change, [&](std::size_t i) { return close[i] - close[i - 1]; });
  from_second_row(before, [&](std::size_t i) { return change[i - 1]; });
  window_products(change, before, period, out);
  const double share = 1.0 / (period - 1);
  for (double& value : out) {
    const double against = -value * share;
    value = 2.0 * std::sqrt(against < 0.0 ? 0.0 : against) + 0.0;  // no negative zeros
  }
}

std::int64_t price_impact(const BarColumns& bars, int period, std::span<double> out) {
  window_mean(bars.volume, period, out);
  if (!out.empty()) out[0] = kNaN;  // no return
  return over(out, 0.0, [&](std::size_t i) { return absolute_return(bars.close, i); });
}

void corwin_schultz_spread(std::span<const double> high, std::span<const double> low, Scratch& scratch,
                           std::span<double> out) {
  // The authors' alpha is (1 + sqrt 2) times the root of the squared ranges' sum less the range of both bars.
  constexpr double kOneAndRootTwo = 0x1.3504f333f9de6p+1;
  constexpr double kFar = 60.0;  // the spread is 2 from there on
  Scratch::Column range(scratch);
  for (std::size_t i = 0; i < out.size(); ++i) range[i] = portable_log(high[i] / low[i]);
  from_second_row(out, [&](std::size_t i) {
    const double top = high[i] > high[i - 1] ? high[i] : high[i - 1];
    const double bottom = low[i] < low[i - 1] ? low[i] : low[i - 1];
    const double apart = std::sqrt(range[i] * range[i] + range[i - 1] * range[i - 1]);
    const double alpha = kOneAndRootTwo * (apart - portable_log(top / bottom));
    if (!(alpha > 0.0)) return 0.0;
    const double grown = portable_expm1(alpha < kFar ? alpha : kFar);
    return 2.0 * grown / (grown + 2.0);
  });
}

void relative_range(const BarColumns& bars, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (bars.high[i] - bars.low[i]) / bars.close[i];
}

std::int64_t bar_imbalance(const BarColumns& bars, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = bars.high[i] - bars.low[i];
  return over(out, 0.0, [&](std::size_t i) { return bars.close[i] - bars.open[i]; });
}

std::int64_t cumulative_imbalance(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out) {
  Scratch::Column each(scratch);
  const bool any = bar_imbalance(bars, each) > 0;
  window_sum(each, period, out);
  if (!any) return 0;
  std::int64_t rows = 0;
  const auto length = static_cast<std::size_t>(period);
  std::size_t last = 0;  // the row after the latest bar without range
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (bars.high[i] == bars.low[i]) last = i + 1;
    rows += i + 1 >= length && last + length > i + 1;
  }
  return rows;
}

std::int64_t trade_intensity(std::span<const double> volume, int period, std::span<double> out) {
  window_mean(volume, period, out);
  return over(out, 0.0, [&](std::size_t i) { return volume[i]; });
}

std::int64_t efficiency_ratio(std::span<const double> close, int period, Scratch& scratch, std::span<double> out) {
  Scratch::Column change(scratch);
  from_second_row(change, [&](std::size_t i) { return std::fabs(close[i] - close[i - 1]); });
  window_sum(change, period, out);
  const auto length = static_cast<std::size_t>(period);
  return over(out, 0.0, [&](std::size_t i) {
    const double way = std::fabs(close[i] - close[i - length]);
    return way < out[i] ? way : out[i];  // rounding must not make it more than all there was
  });
}

std::int64_t volatility_ratio(std::span<const double> close, int fast, int slow, Scratch& scratch,
                              std::span<double> out) {
  Scratch::Column returns(scratch), near(scratch);
  from_second_row(returns, [&](std::size_t i) { return close[i] / close[i - 1] - 1.0; });
  window_squares(returns, fast, near);
  window_squares(returns, slow, out);
  const double scale = (slow - 1.0) / (fast - 1.0);
  const std::size_t first = std::min(out.size(), static_cast<std::size_t>(std::max(fast, slow)));
  std::fill_n(out.begin(), first, kNaN);
  const std::int64_t undefined = over(out, 1.0, [&](std::size_t i) { return near[i] * scale; });
  for (double& value : out) value = std::sqrt(value);
  return undefined;
}

namespace {

Indicator entry(std::string name, std::string title, std::string inputs, std::vector<IndicatorParameter> parameters,
                std::vector<IndicatorOutput> outputs, std::string definition, void (*compute)(IndicatorCall&)) {
  return {.name = std::move(name),
          .title = std::move(title),
          .family = "microstructure",
          .inputs = std::move(inputs),
          .parameters = std::move(parameters),
          .outputs = std::move(outputs),
          .definition = std::move(definition),
          .compute = compute};
}

}  // namespace

std::vector<Indicator> microstructure_indicators() {
  return {
      entry("micro_amihud", "Amihud's illiquidity of a bar", "close volume", {},
            {{.names = {"micro_amihud"},
              .kind = ColumnKind::volatility,
              .help = "|return| per unit of volume",
              .warm_up = one_row,
              .undefined = "0 in a bar without volume"}},
            "|close / close before - 1| / volume; Amihud 2002",
            [](IndicatorCall& call) { call.note_undefined(0, amihud(call.bars, call.out(0))); }),
      entry("micro_amihud_mean", "Amihud's illiquidity", "close volume", {bars_parameter("period", 20)},
            {{.names = {"micro_amihud_{period}"},
              .kind = ColumnKind::volatility,
              .help = "mean |return| per unit of volume",
              .warm_up = first_parameter_rows,
              .undefined = "0 where no bar of the window has volume"}},
            "mean of |return| / volume over those of the last `period` bars that have volume; Amihud 2002",
            [](IndicatorCall& call) {
              call.note_undefined(0, amihud_mean(call.bars, call.whole(0), call.scratch, call.out(0)));
            }),
      entry("micro_roll_spread", "Roll's spread", "close", {bars_parameter("period", 20, 2)},
            {{.names = {"micro_roll_spread", "micro_roll_spread_{period}"},
              .kind = ColumnKind::price,
              .help = "the spread that makes changes of the close alternate",
              .warm_up = [](const ParameterValues& values) { return values.whole(0) + 1; }},
             {.names = {"micro_roll_spread_pct", "micro_roll_spread_pct_{period}"},
              .kind = ColumnKind::volatility,
              .help = "it, in percent of the close",
              .warm_up = [](const ParameterValues& values) { return values.whole(0) + 1; }}},
            "2 sqrt(max(-c, 0)), c the sample covariance of `period` changes of the close with those before them; "
            "Roll 1984",
            [](IndicatorCall& call) {
              const auto spread = call.out(0);
              roll_spread(call.bars.close, call.whole(0), call.scratch, spread);
              if (!call.wanted(1)) return;
              const auto percent = call.out(1);
              for (std::size_t i = 0; i < spread.size(); ++i) percent[i] = spread[i] / call.bars.close[i] * 100.0;
            }),
      entry("micro_kyle_lambda", "Price impact", "close volume", {bars_parameter("period", 20)},
            {{.names = {"micro_kyle_lambda", "micro_kyle_lambda_{period}"},
              .kind = ColumnKind::volatility,
              .help = "|return| per unit of the usual volume",
              .warm_up = [](const ParameterValues& values) { return std::max(values.whole(0) - 1, 1); },
              .undefined = "0 where no bar of the window has volume"}},
            "|return| over the mean volume of the last `period` bars: a stand-in for Kyle's (1985) lambda, which needs "
            "signed volume",
            [](IndicatorCall& call) { call.note_undefined(0, price_impact(call.bars, call.whole(0), call.out(0))); }),
      entry(
          "micro_cs_spread", "Corwin and Schultz's spread", "high low", {},
          {{.names = {"micro_cs_spread"},
            .kind = ColumnKind::volatility,
            .help = "the spread over the price, from two bars' ranges apart and together",
            .warm_up = one_row}},
          "2 (e^a - 1) / (e^a + 1) but at least 0, a = (1 + sqrt 2) (sqrt(r0^2 + r1^2) - r), r0, r1 and r the logs "
          "of high / low of this bar, the one before, and both; Corwin and Schultz 2012, without their adjustment "
          "for gaps",
          [](IndicatorCall& call) { corwin_schultz_spread(call.bars.high, call.bars.low, call.scratch, call.out(0)); }),
      entry("micro_rel_spread", "Range of a bar over its close", "high low close", {},
            {{.names = {"micro_rel_spread"},
              .kind = ColumnKind::volatility,
              .help = "range over close",
              .warm_up = no_warm_up}},
            "(high - low) / close", [](IndicatorCall& call) { relative_range(call.bars, call.out(0)); }),
      entry("micro_rel_spread_mean", "Mean range over close", "high low close", {bars_parameter("period", 20)},
            {{.names = {"micro_rel_spread_{period}"},
              .kind = ColumnKind::volatility,
              .help = "mean range over close",
              .warm_up = first_parameter_rows_less_one}},
            "mean of (high - low) / close of the last `period` bars",
            [](IndicatorCall& call) {
              Scratch::Column each(call.scratch);
              relative_range(call.bars, each);
              window_mean(each, call.whole(0), call.out(0));
            }),
      entry("micro_volume_imbalance", "Imbalance of a bar", "open high low close", {},
            {{.names = {"micro_volume_imbalance"},
              .kind = ColumnKind::oscillator,
              .help = "the part of its range that the bar went, signed",
              .warm_up = no_warm_up,
              .undefined = "0 in a bar without range"}},
            "(close - open) / (high - low); no volume is in it",
            [](IndicatorCall& call) { call.note_undefined(0, bar_imbalance(call.bars, call.out(0))); }),
      entry("micro_cum_imbalance", "Sum of imbalances", "open high low close", {bars_parameter("period", 20)},
            {{.names = {"micro_cum_imbalance_{period}"},
              .kind = ColumnKind::signed_sum,
              .help = "sum of the bars' imbalances",
              .warm_up = first_parameter_rows_less_one,
              .undefined = "a bar without range adds 0"}},
            "sum of (close - open) / (high - low) over the last `period` bars",
            [](IndicatorCall& call) {
              call.note_undefined(0, cumulative_imbalance(call.bars, call.whole(0), call.scratch, call.out(0)));
            }),
      entry("micro_trade_intensity", "Volume over its mean", "volume", {bars_parameter("period", 20)},
            {{.names = {"micro_trade_intensity_{period}"},
              .kind = ColumnKind::volatility,
              .help = "volume over its mean",
              .warm_up = first_parameter_rows_less_one,
              .undefined = "0 where no bar of the window has volume"}},
            "volume over the mean volume of the last `period` bars",
            [](IndicatorCall& call) {
              call.note_undefined(0, trade_intensity(call.bars.volume, call.whole(0), call.out(0)));
            }),
      entry("micro_efficiency", "Efficiency ratio", "close", {bars_parameter("period", 10)},
            {{.names = {"micro_efficiency_{period}"},
              .kind = ColumnKind::oscillator,
              .help = "how straight prices went: the way made over the way gone",
              .warm_up = first_parameter_rows,
              .undefined = "0 where the closes of the window are the same"}},
            "|close - close `period` bars ago| / sum of the |changes| between; Kaufman 1995",
            [](IndicatorCall& call) {
              call.note_undefined(0, efficiency_ratio(call.bars.close, call.whole(0), call.scratch, call.out(0)));
            }),
      entry("micro_vol_ratio", "Short over long volatility", "close",
            {bars_parameter("fast", 5, 2), bars_parameter("slow", 20, 2)},
            {{.names = {"micro_vol_ratio", "micro_vol_ratio_{fast}_{slow}"},
              .kind = ColumnKind::volatility,
              .help = "deviation of the last few returns over that of more",
              .warm_up = [](const ParameterValues& values) { return std::max(values.whole(0), values.whole(1)); },
              .undefined = "1 where the returns of the `slow` window are the same"}},
            "sample deviation of the last `fast` returns over that of the last `slow`",
            [](IndicatorCall& call) {
              call.note_undefined(
                  0, volatility_ratio(call.bars.close, call.whole(0), call.whole(1), call.scratch, call.out(0)));
            }),
  };
}

}  // namespace moola::market
