#include <cmath>

#include "market/indicators/momentum.h"
#include "market/indicators/momentum_table.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/stochastic.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

// 1 where test(value) and 0 elsewhere, from `first` on.
template <class Test>
void flag(std::span<const double> values, std::size_t first, std::span<double> out, Test&& test) {
  const double* const from = values.data();
  double* const to = out.data();
  fill_before(first, out);
  for (std::size_t i = first; i < out.size(); ++i) to[i] = test(from[i]) ? 1.0 : 0.0;
}

int stochf_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) - 2;
}

IndicatorOutput stochastic_output(std::vector<std::string> names, std::string help,
                                  int (*warm_up)(const ParameterValues&), std::string undefined, std::string talib) {
  return {.names = std::move(names),
          .kind = ColumnKind::oscillator,
          .help = std::move(help),
          .warm_up = warm_up,
          .undefined = std::move(undefined),
          .talib = std::move(talib)};
}

// %K and %D of TA-Lib, both from %D's first row on.
void talib_stochastic(IndicatorCall& call, std::span<const double> high, std::span<const double> low,
                      std::span<const double> close, StochasticLengths lengths, int first) {
  const std::span<double> k = call.out(0);
  const auto undefined = stochastic(high, low, close, lengths, 0.0, k, call.out(1));
  fill_before(length(first), k);
  call.note_undefined(0, undefined.d);
  call.note_undefined(1, undefined.d);
}

int stoch_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) + values.whole(2) - 3;
}

int stochrsi_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) + values.whole(2) - 2;
}

// Percent by which an RSI moves when it does not.
constexpr double kStill = 1e-10;

}  // namespace

Indicator factory_stochastic() {
  const auto state = [&](const std::string& name, std::string help) {
    return IndicatorOutput{.names = {name, name + "_{range}_{mean}"},
                           .kind = ColumnKind::state,
                           .help = std::move(help),
                           .warm_up = first_parameter_rows_less_one,
                           .undefined = "0 where the range is flat"};
  };
  return {.name = "stochastic",
          .title = "Stochastic oscillator",
          .family = kMomentum,
          .inputs = "high low close",
          .parameters = {bars_parameter("range", 14), bars_parameter("mean", 3)},
          .outputs = {stochastic_output({"stoch_k", "stoch_k_{range}_{mean}"},
                                        "where the close lies in the range of the last bars, in percent",
                                        first_parameter_rows_less_one, "50 where the range is flat", ""),
                      stochastic_output({"stoch_d", "stoch_d_{range}_{mean}"}, "its mean", stochf_first,
                                        "50 counts where the range is flat", ""),
                      state("stoch_overbought", "1 where %K is above 80"),
                      state("stoch_oversold", "1 where %K is below 20")},
          .definition =
              "%K = 100 (close - lowest low) / (highest high - lowest low), %D its simple mean, with 50 for "
              "flat ranges: the factory's, whose flags are 0 before the first value",
          .compute = [](IndicatorCall& call) {
            const std::span<double> k = call.out(0);
            const StochasticLengths lengths{.range = call.whole(0), .k = 1, .d = call.whole(1)};
            const auto undefined =
                stochastic(call.bars.high, call.bars.low, call.bars.close, lengths, 50.0, k, call.out(1));
            const std::size_t first = length(lengths.range) - 1;
            if (call.wanted(2)) flag(k, first, call.out(2), [](double value) { return value > 80.0; });
            if (call.wanted(3)) flag(k, first, call.out(3), [](double value) { return value < 20.0; });
            for (const std::size_t output : {0U, 2U, 3U}) call.note_undefined(output, undefined.k);
            call.note_undefined(1, undefined.d);
          }};
}

std::vector<Indicator> talib_stochastics() {
  const std::string flat = "0 counts where the range is flat";
  return {
      {.name = "stochf",
       .title = "Fast stochastic of TA-Lib",
       .family = kMomentum,
       .inputs = "high low close",
       .parameters = {bars_parameter("fastk", 5), bars_parameter("fastd", 3)},
       .outputs = {stochastic_output({"stochf_k", "stochf_k_{fastk}_{fastd}"},
                                     "where the close lies in the range of the last bars, in percent", stochf_first,
                                     flat, "STOCHF.outFastK"),
                   stochastic_output({"stochf_d", "stochf_d_{fastk}_{fastd}"}, "its mean", stochf_first, flat,
                                     "STOCHF.outFastD")},
       .definition = "%K = 100 (close - lowest low) / (highest high - lowest low), %D its simple mean; both begin with "
                     "%D",
       .compute =
           [](IndicatorCall& call) {
             talib_stochastic(call, call.bars.high, call.bars.low, call.bars.close,
                              {.range = call.whole(0), .k = 1, .d = call.whole(1)}, stochf_first(call.values));
           }},
      {.name = "stoch",
       .title = "Slow stochastic of TA-Lib",
       .family = kMomentum,
       .inputs = "high low close",
       .parameters = {bars_parameter("fastk", 5), bars_parameter("slowk", 3), bars_parameter("slowd", 3)},
       .outputs = {stochastic_output({"stoch_slowk", "stoch_slowk_{fastk}_{slowk}_{slowd}"},
                                     "mean of where the close lies in the range of the last bars, in percent",
                                     stoch_first, flat, "STOCH.outSlowK"),
                   stochastic_output({"stoch_slowd", "stoch_slowd_{fastk}_{slowk}_{slowd}"}, "its mean", stoch_first,
                                     flat, "STOCH.outSlowD")},
       .definition = "slow %K is the simple mean of the fast one, slow %D that of slow %K; both begin with %D",
       .compute =
           [](IndicatorCall& call) {
             talib_stochastic(call, call.bars.high, call.bars.low, call.bars.close,
                              {.range = call.whole(0), .k = call.whole(1), .d = call.whole(2)},
                              stoch_first(call.values));
           }},
      {.name = "stochrsi",
       .title = "Stochastic of the relative strength",
       .family = kMomentum,
       .inputs = "close",
       .parameters = {bars_parameter("period", 14), bars_parameter("fastk", 5), bars_parameter("fastd", 3)},
       .outputs = {stochastic_output({"stochrsi_k", "stochrsi_k_{period}_{fastk}_{fastd}"},
                                     "where the RSI lies in its range of the last bars, in percent", stochrsi_first,
                                     flat, "STOCHRSI.outFastK"),
                   stochastic_output({"stochrsi_d", "stochrsi_d_{period}_{fastk}_{fastd}"}, "its mean", stochrsi_first,
                                     flat, "STOCHRSI.outFastD")},
       .definition = "the fast stochastic of rsi_{period} in place of high, low and close; both begin with %D",
       .compute =
           [](IndicatorCall& call) {
             const Scratch::Column strength(call.scratch);
             rsi(call.bars.close, call.whole(0), strength);
             // Where prices stand still it moves in its last digits alone, and a range of those would say 0 or 100.
             for (std::size_t i = 1; i < strength.span().size(); ++i) {
               if (std::fabs(strength[i] - strength[i - 1]) <= kStill) strength[i] = strength[i - 1];
             }
             talib_stochastic(call, strength, strength, strength, {.range = call.whole(1), .k = 1, .d = call.whole(2)},
                              stochrsi_first(call.values));
           }},
  };
}

Indicator fisher_indicator() {
  return {.name = "fisher",
          .title = "Fisher transform",
          .family = kMomentum,
          .inputs = "high low",
          .parameters = {bars_parameter("period", 10)},
          .outputs = {{.names = {"fisher_{period}"},
                       .kind = ColumnKind::signed_sum,
                       .help = "Fisher transform of where the middle of the bar lies in its range of the last bars",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "the middle of a flat range counts"},
                      {.names = {"fisher_signal_{period}"},
                       .kind = ColumnKind::signed_sum,
                       .help = "the same one bar before",
                       .warm_up = first_parameter_rows,
                       .undefined = "the middle of a flat range counts"}},
          .definition =
              "v = 0.66 place + 0.67 v, the place in the range from -1/2 to 1/2, v set to +-0.999 beyond "
              "+-0.99; f = log((1 + v) / (1 - v)) / 2 + f / 2; both from 0 on. Ehlers 2002",
          .compute = [](IndicatorCall& call) {
            const auto undefined =
                fisher_transform(call.bars.high, call.bars.low, call.whole(0), wanted(call, 0), wanted(call, 1));
            call.note_undefined(0, undefined.now);
            call.note_undefined(1, undefined.before);
          }};
}

}  // namespace moola::market
