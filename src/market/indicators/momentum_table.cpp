#include "market/indicators/momentum.h"

#include "market/indicators/convergence.h"
#include "market/indicators/families.h"
#include "market/indicators/momentum_table.h"
#include "market/indicators/returns.h"
#include "market/indicators/stochastic.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

Indicator rsi_indicator() {
  return {.name = "rsi",
          .title = "Relative strength index",
          .family = kMomentum,
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

// Changes over a number of bars.
Indicator change(std::string name, std::string title, std::string help, ColumnKind kind, std::string talib,
                 std::string definition, void (*compute)(IndicatorCall&)) {
  std::string pattern = name + "_{period}";
  return single_indicator(kMomentum, std::move(name), std::move(title), "close", {bars_parameter("period", 10)},
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
          kMomentum, "cmo", "Chande momentum oscillator", "close", {bars_parameter("period", 14)},
          {.names = {"cmo_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "mean rise less mean fall over their sum, in percent",
           .warm_up = first_parameter_rows,
           .undefined = "0 where both averages are 0",
           .talib = "CMO"},
          "100 (g - l) / (g + l) with Wilder's averages of rises and falls of the close",
          [](IndicatorCall& call) { call.note_undefined(0, cmo(call.bars.close, call.whole(0), call.out(0))); }),
      single_indicator(kMomentum, "apo", "Absolute price oscillator", "close", fast_slow,
                       {.names = {"apo", "apo_{fast}_{slow}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "fast less slow mean of the closes",
                        .warm_up = longer_less_one,
                        .talib = "APO"},
                       "difference of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { apo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(kMomentum, "ppo", "Percentage price oscillator", "close", fast_slow,
                       {.names = {"ppo", "ppo_{fast}_{slow}"},
                        .kind = ColumnKind::returns,
                        .help = "fast less slow mean of the closes, in percent of the slow one",
                        .warm_up = longer_less_one,
                        .talib = "PPO"},
                       "100 (fast - slow) / slow of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { ppo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(
          kMomentum, "cci", "Commodity channel index", "high low close", {bars_parameter("period", 20)},
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
      single_indicator(kMomentum, "trix", "Change of a threefold average", "close", {bars_parameter("period", 30)},
                       {.names = {"trix_{period}"},
                        .kind = ColumnKind::returns,
                        .help = "change of the threefold exponential mean of the closes, in percent",
                        .warm_up = [](const ParameterValues& values) { return 3 * values.whole(0) - 2; },
                        .talib = "TRIX"},
                       "change from bar to bar of the exponential average of the average of the average",
                       [](IndicatorCall& call) { trix(call.bars.close, call.whole(0), call.out(0)); }),
      single_indicator(
          kMomentum, "ultosc", "Ultimate oscillator", "high low close",
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
          kMomentum, "willr", "Williams %R", "high low close", {bars_parameter("period", 14)},
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
      single_indicator(kMomentum, "bop", "Balance of power", "open high low close", {},
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
      single_indicator(kMomentum, "imi", "Intraday momentum index", "open close", {bars_parameter("period", 14)},
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
          kMomentum, "tsi", "True strength index", "close", {bars_parameter("first", 25), bars_parameter("second", 13)},
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
          kMomentum, "coppock", "Coppock curve", "close",
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
      single_indicator(kMomentum, "ao", "Awesome oscillator", "high low",
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
          .family = kMomentum,
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
