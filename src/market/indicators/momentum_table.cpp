#include "market/indicators/momentum.h"

#include <array>
#include <cmath>

#include "market/indicators/families.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

constexpr const char* kFamily = "momentum";

int longer_less_one(const ParameterValues& values) {
  return std::max(values.whole(0), values.whole(1)) - 1;
}

int macd_signal_first(const ParameterValues& values) {
  return longer_less_one(values) + values.whole(2) - 1;
}

// A crossing takes two bars.
int macd_cross_first(const ParameterValues& values) {
  return macd_signal_first(values) + 1;
}

// 1 where test(value) and 0 elsewhere, from `first` on.
template <class Test>
void flag(std::span<const double> values, std::size_t first, std::span<double> out, Test&& test) {
  const double* const from = values.data();
  double* const to = out.data();
  fill_before(first, out);
  for (std::size_t i = first; i < out.size(); ++i) to[i] = test(from[i]) ? 1.0 : 0.0;
}

Indicator rsi_indicator() {
  return {.name = "rsi",
          .title = "Relative strength index",
          .family = kFamily,
          .inputs = "close",
          .parameters = {bars_parameter("period", 14)},
          .outputs = {{.names = {"rsi_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "mean rise over mean rise and fall, in percent",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0",
                       .talib = "RSI"},
                      {.names = {"rsi_overbought", "rsi_overbought_{period}"},
                       .kind = ColumnKind::state,
                       .help = "1 where it is above 70",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0"},
                      {.names = {"rsi_oversold", "rsi_oversold_{period}"},
                       .kind = ColumnKind::state,
                       .help = "1 where it is below 30",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0"}},
          .definition =
              "100 g / (g + l) with Wilder's averages of rises and falls of the close. Where both are 0 it is 0, as "
              "TA-Lib has it; there the factory gives 100. The factory's flags are 0 before the first value",
          .compute = [](IndicatorCall& call) {
            const std::int64_t undefined =
                rsi_and_flags(call.bars.close, call.whole(0), wanted(call, 0), wanted(call, 1), wanted(call, 2));
            for (std::size_t output = 0; output < 3; ++output) call.note_undefined(output, undefined);
          }};
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
          .family = kFamily,
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

std::vector<Indicator> talib_stochastics() {
  const std::string flat = "0 counts where the range is flat";
  return {
      {.name = "stochf",
       .title = "Fast stochastic of TA-Lib",
       .family = kFamily,
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
       .family = kFamily,
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
       .family = kFamily,
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

IndicatorOutput macd_output(const std::string& name, std::string help, int (*warm_up)(const ParameterValues&),
                            std::string talib = {}) {
  return {.names = {name, name + "_{fast}_{slow}_{signal}"},
          .kind = ColumnKind::signed_sum,
          .help = std::move(help),
          .warm_up = warm_up,
          .talib = std::move(talib)};
}

std::vector<Indicator> macd_indicators() {
  const std::vector<IndicatorParameter> parameters{bars_parameter("fast", 12), bars_parameter("slow", 26),
                                                   bars_parameter("signal", 9)};
  std::vector<Indicator> all{
      {.name = "macd",
       .title = "Convergence and divergence of moving averages",
       .family = kFamily,
       .inputs = "close",
       .parameters = parameters,
       .outputs = {macd_output("macd_line", "fast less slow average of the closes", longer_less_one),
                   macd_output("macd_signal", "average of the line", macd_signal_first),
                   macd_output("macd_hist", "line less signal", macd_signal_first),
                   macd_output("macd_cross_up", "1 where the line goes above the signal", macd_cross_first),
                   macd_output("macd_cross_down", "1 where the line goes below the signal", macd_cross_first)},
       .definition = "exponential averages, each from the mean of its first values on; the factory's, whose flags are "
                     "0 before the first value",
       .compute =
           [](IndicatorCall& call) {
             const std::span<double> histogram = call.wanted(3) || call.wanted(4) ? call.out(2) : wanted(call, 2);
             macd(call.bars.close, {.fast = call.whole(0), .slow = call.whole(1), .signal = call.whole(2)},
                  wanted(call, 0), wanted(call, 1), histogram);
             const auto cross = [&](std::size_t output, auto&& side) {
               if (!call.wanted(output)) return;
               const auto first = length(macd_cross_first(call.values));
               const double* const apart = histogram.data();
               double* const out = call.out(output).data();
               fill_before(first, call.out(output));
               for (std::size_t i = first; i < histogram.size(); ++i) out[i] = side(apart[i], apart[i - 1]) ? 1.0 : 0.0;
             };
             cross(3, [](double now, double before) { return (now > 0.0) & (before <= 0.0); });
             cross(4, [](double now, double before) { return (now < 0.0) & (before >= 0.0); });
           }},
      {.name = "talib_macd",
       .title = "Convergence and divergence of moving averages as TA-Lib has it",
       .family = kFamily,
       .inputs = "close",
       .parameters = parameters,
       .outputs = {macd_output("talib_macd_line", "fast less slow average of the closes", macd_signal_first,
                               "MACD.outMACD"),
                   macd_output("talib_macd_signal", "average of the line", macd_signal_first, "MACD.outMACDSignal"),
                   macd_output("talib_macd_hist", "line less signal", macd_signal_first, "MACD.outMACDHist")},
       .definition = "exponential averages, both first values on the same row, from the means of the closes up to it; "
                     "all begin with the signal",
       .compute = [](IndicatorCall& call) {
         talib_macd(call.bars.close, {.fast = call.whole(0), .slow = call.whole(1), .signal = call.whole(2)},
                    wanted(call, 0), wanted(call, 1), wanted(call, 2));
       }}};
  for (const std::size_t output : {3U, 4U}) all[0].outputs[output].kind = ColumnKind::state;
  return all;
}

// Changes over a number of bars.
Indicator change(std::string name, std::string title, std::string help, ColumnKind kind, std::string talib,
                 std::string definition, void (*compute)(IndicatorCall&)) {
  std::string pattern = name + "_{period}";
  return single_indicator(kFamily, std::move(name), std::move(title), "close", {bars_parameter("period", 10)},
                          {.names = {std::move(pattern)},
                           .kind = kind,
                           .help = std::move(help),
                           .warm_up = first_parameter_rows,
                           .talib = std::move(talib)},
                          std::move(definition), compute);
}

std::vector<Indicator> change_indicators() {
  return {
      change("mom", "Momentum", "close less an earlier close", ColumnKind::signed_sum, "MOM",
             "close - close `period` ago",
             [](IndicatorCall& call) { momentum(call.bars.close, call.whole(0), call.out(0)); }),
      change("roc", "Rate of change", "close over an earlier close, less 1, in percent", ColumnKind::returns, "ROC",
             "100 (close - close `period` ago) / close `period` ago",
             [](IndicatorCall& call) { change_rate(call.bars.close, call.whole(0), 100.0, call.out(0)); }),
      change("rocp", "Rate of change, as a fraction", "close over an earlier close, less 1", ColumnKind::returns,
             "ROCP", "(close - close `period` ago) / close `period` ago",
             [](IndicatorCall& call) { change_rate(call.bars.close, call.whole(0), 1.0, call.out(0)); }),
      change("rocr", "Rate of change, as a ratio", "close over an earlier close", ColumnKind::signed_sum, "ROCR",
             "close / close `period` ago",
             [](IndicatorCall& call) { change_ratio(call.bars.close, call.whole(0), 1.0, call.out(0)); }),
      change("rocr100", "Rate of change, as a ratio in percent", "close over an earlier close, in percent",
             ColumnKind::signed_sum, "ROCR100", "100 close / close `period` ago",
             [](IndicatorCall& call) { change_ratio(call.bars.close, call.whole(0), 100.0, call.out(0)); }),
  };
}

std::vector<Indicator> single_indicators() {
  const std::vector<IndicatorParameter> fast_slow{bars_parameter("fast", 12), bars_parameter("slow", 26)};
  return {
      single_indicator(
          kFamily, "cmo", "Chande momentum oscillator", "close", {bars_parameter("period", 14)},
          {.names = {"cmo_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "mean rise less mean fall over their sum, in percent",
           .warm_up = first_parameter_rows,
           .undefined = "0 where both averages are 0",
           .talib = "CMO"},
          "100 (g - l) / (g + l) with Wilder's averages of rises and falls of the close",
          [](IndicatorCall& call) { call.note_undefined(0, cmo(call.bars.close, call.whole(0), call.out(0))); }),
      single_indicator(kFamily, "apo", "Absolute price oscillator", "close", fast_slow,
                       {.names = {"apo", "apo_{fast}_{slow}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "fast less slow mean of the closes",
                        .warm_up = longer_less_one,
                        .talib = "APO"},
                       "difference of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { apo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(kFamily, "ppo", "Percentage price oscillator", "close", fast_slow,
                       {.names = {"ppo", "ppo_{fast}_{slow}"},
                        .kind = ColumnKind::returns,
                        .help = "fast less slow mean of the closes, in percent of the slow one",
                        .warm_up = longer_less_one,
                        .talib = "PPO"},
                       "100 (fast - slow) / slow of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { ppo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(
          kFamily, "cci", "Commodity channel index", "high low close", {bars_parameter("period", 20)},
          {.names = {"cci_{period}"},
           .kind = ColumnKind::signed_sum,
           .help = "distance of the typical price from its mean, in mean deviations",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0 where the typical price does not move",
           .talib = "CCI"},
          "(typical price - its mean) / (0.015 mean deviation); the factory has none where it does not move",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, cci(bars.high, bars.low, bars.close, call.whole(0), call.out(0)));
          }),
      single_indicator(kFamily, "trix", "Change of a threefold average", "close", {bars_parameter("period", 30)},
                       {.names = {"trix_{period}"},
                        .kind = ColumnKind::returns,
                        .help = "change of the threefold exponential mean of the closes, in percent",
                        .warm_up = [](const ParameterValues& values) { return 3 * values.whole(0) - 2; },
                        .talib = "TRIX"},
                       "change from bar to bar of the exponential average of the average of the average",
                       [](IndicatorCall& call) { trix(call.bars.close, call.whole(0), call.out(0)); }),
      single_indicator(
          kFamily, "ultosc", "Ultimate oscillator", "high low close",
          {bars_parameter("short", 7), bars_parameter("medium", 14), bars_parameter("long", 28)},
          {.names = {"ultosc", "ultosc_{short}_{medium}_{long}"},
           .kind = ColumnKind::oscillator,
           .help = "buying pressure over true range in three windows, in percent",
           .warm_up =
               [](const ParameterValues& values) {
                 return std::max({values.whole(0), values.whole(1), values.whole(2)});
               },
           .undefined = "0 counts for a window without range",
           .talib = "ULTOSC"},
          "100 (4 s + 2 m + l) / 7 of the sums of close - min(low, last close) over those of the true range; the "
          "shortest period is the short one. Counted where the short window has no range",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, ultimate_oscillator(bars.high, bars.low, bars.close, call.whole(0), call.whole(1),
                                                       call.whole(2), call.out(0)));
          }),
      single_indicator(
          kFamily, "willr", "Williams %R", "high low close", {bars_parameter("period", 14)},
          {.names = {"williams_r", "willr_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "distance of the close from the highest high, in percent of the range, negative",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0 where the range is flat",
           .talib = "WILLR"},
          "-100 (highest high - close) / (highest high - lowest low); the factory has none where the range is flat",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, williams_r(bars.high, bars.low, bars.close, call.whole(0), call.out(0)));
          }),
      single_indicator(kFamily, "bop", "Balance of power", "open high low close", {},
                       {.names = {"bop"},
                        .kind = ColumnKind::oscillator,
                        .help = "rise from open to close over the bar's range",
                        .warm_up = no_warm_up,
                        .undefined = "0 where high and low are equal",
                        .talib = "BOP"},
                       "(close - open) / (high - low)",
                       [](IndicatorCall& call) {
                         const BarColumns& bars = call.bars;
                         call.note_undefined(0,
                                             balance_of_power(bars.open, bars.high, bars.low, bars.close, call.out(0)));
                       }),
      single_indicator(kFamily, "imi", "Intraday momentum index", "open close", {bars_parameter("period", 14)},
                       {.names = {"imi_{period}"},
                        .kind = ColumnKind::oscillator,
                        .help = "rises from open to close over rises and falls, in percent",
                        .warm_up = first_parameter_rows_less_one,
                        .undefined = "50 where no bar rose or fell",
                        .talib = "IMI"},
                       "100 (sum of rises) / (sum of rises and falls), from open to close of each bar",
                       [](IndicatorCall& call) {
                         call.note_undefined(0, imi(call.bars.open, call.bars.close, call.whole(0), call.out(0)));
                       }),
      single_indicator(
          kFamily, "tsi", "True strength index", "close", {bars_parameter("first", 25), bars_parameter("second", 13)},
          {.names = {"tsi", "tsi_{first}_{second}"},
           .kind = ColumnKind::oscillator,
           .help = "twice averaged change over twice averaged size of change, in percent",
           .warm_up = [](const ParameterValues& values) { return values.whole(0) + values.whole(1) - 1; },
           .undefined = "0 where the averaged size is 0"},
          "exponential averages over `first` and then `second` bars, each from the mean of its first values on. "
          "Blau 1991, as TA-Lib 0.8 has it",
          [](IndicatorCall& call) {
            call.note_undefined(0, tsi(call.bars.close, call.whole(0), call.whole(1), call.out(0)));
          }),
      single_indicator(
          kFamily, "coppock", "Coppock curve", "close",
          {bars_parameter("average", 10), bars_parameter("change_1", 11), bars_parameter("change_2", 14)},
          {.names = {"coppock", "coppock_{average}_{change_1}_{change_2}"},
           .kind = ColumnKind::returns,
           .help = "weighted mean of the sum of two percent changes",
           .warm_up =
               [](const ParameterValues& values) {
                 return std::max(values.whole(1), values.whole(2)) + values.whole(0) - 1;
               }},
          "linearly weighted average of roc over `change_1` and over `change_2` bars, added. Coppock 1962, as TA-Lib "
          "0.8 has it",
          [](IndicatorCall& call) {
            coppock(call.bars.close, call.whole(0), call.whole(1), call.whole(2), call.out(0));
          }),
      single_indicator(kFamily, "ao", "Awesome oscillator", "high low",
                       {bars_parameter("fast", 5), bars_parameter("slow", 34)},
                       {.names = {"ao", "ao_{fast}_{slow}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "fast less slow mean of the bars' middles",
                        .warm_up = longer_less_one},
                       "difference of simple means of (high + low) / 2. Williams 1995, as TA-Lib 0.8 has it",
                       [](IndicatorCall& call) {
                         awesome_oscillator(call.bars.high, call.bars.low, call.whole(0), call.whole(1), call.out(0));
                       }),
  };
}

Indicator kst_indicator() {
  return {.name = "kst",
          .title = "Know sure thing",
          .family = kFamily,
          .inputs = "close",
          .parameters = {bars_parameter("signal", 9)},
          .outputs = {{.names = {"kst", "kst_{signal}"},
                       .kind = ColumnKind::returns,
                       .help = "weighted sum of four averaged percent changes",
                       .warm_up = [](const ParameterValues&) { return 44; }},
                      {.names = {"kst_signal", "kst_signal_{signal}"},
                       .kind = ColumnKind::returns,
                       .help = "its mean",
                       .warm_up = [](const ParameterValues& values) { return 43 + values.whole(0); }}},
          .definition =
              "simple means over 10, 10, 10 and 15 bars of roc over 10, 15, 20 and 30, times 1, 2, 3 and 4. "
              "Pring 1992",
          .compute = [](IndicatorCall& call) { kst(call.bars.close, call.whole(0), call.out(0), call.out(1)); }};
}

Indicator fisher_indicator() {
  return {.name = "fisher",
          .title = "Fisher transform",
          .family = kFamily,
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

}  // namespace

std::vector<Indicator> momentum_indicators() {
  std::vector<Indicator> all{rsi_indicator(), factory_stochastic()};
  for (auto* some : {&talib_stochastics, &macd_indicators, &change_indicators, &single_indicators}) {
    for (Indicator& indicator : some()) all.push_back(std::move(indicator));
  }
  all.push_back(kst_indicator());
  all.push_back(fisher_indicator());
  return all;
}

}  // namespace moola::market
