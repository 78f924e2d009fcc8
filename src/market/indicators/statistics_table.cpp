#include "market/indicators/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "market/indicators/families.h"
#include "market/indicators/one_bar_returns.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/rolling_blocks.h"
#include "market/indicators/table_entries.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr const char* kFamily = "statistics";

std::vector<Indicator> spread_indicators() {
  return {
      single_indicator(
          kFamily, "stddev", "Standard deviation", "close",
          {bars_parameter("period", 5, 1),
           {.name = "deviations", .usual = 1, .least = 0.001, .most = 1000, .whole = false}},
          {.names = {"stddev_{period}", "stddev_{period}_{deviations}"},
           .kind = ColumnKind::volatility,
           .help = "the population's deviation of the closes",
           .warm_up = first_parameter_rows_less_one,
           .talib = "STDDEV"},
          "`deviations` times the population's deviation of the last `period` closes",
          [](IndicatorCall& call) { stddev(call.bars.close, call.whole(0), call.number(1), call.out(0)); }),
      single_indicator(kFamily, "var", "Variance", "close", {bars_parameter("period", 5, 1)},
                       {.names = {"var_{period}"},
                        .kind = ColumnKind::volatility,
                        .help = "the population's variance of the closes",
                        .warm_up = first_parameter_rows_less_one,
                        .talib = "VAR"},
                       "the population's variance of the last `period` closes",
                       [](IndicatorCall& call) { variance(call.bars.close, call.whole(0), call.out(0)); }),
      single_indicator(
          kFamily, "zscore", "Z-score", "close", {bars_parameter("period", 20, 2)},
          {.names = {"zscore_{period}"},
           .kind = ColumnKind::signed_sum,
           .help = "close less its mean, in deviations",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0 where the window does not move"},
          "(close - mean) / population's deviation of the last `period` closes",
          [](IndicatorCall& call) { call.note_undefined(0, zscore(call.bars.close, call.whole(0), call.out(0))); }),
      single_indicator(kFamily, "avgdev", "Average deviation", "close", {bars_parameter("period", 14, 1)},
                       {.names = {"avgdev_{period}"},
                        .kind = ColumnKind::volatility,
                        .help = "mean distance of the closes from their mean",
                        .warm_up = first_parameter_rows_less_one,
                        .talib = "AVGDEV"},
                       "mean of |close - mean| of the last `period` closes",
                       [](IndicatorCall& call) { average_deviation(call.bars.close, call.whole(0), call.out(0)); }),
      single_indicator(
          kFamily, "percent_rank", "Percentile rank", "close", {bars_parameter("period", 100, 1)},
          {.names = {"percent_rank_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "percent of the closes before that are below this one",
           .warm_up = first_parameter_rows},
          "percent of the `period` closes before that are below the close; TA-Lib PERCENTRANK of later releases",
          [](IndicatorCall& call) { percent_rank(call.bars.close, call.whole(0), call.out(0)); }),
  };
}

std::vector<Indicator> pair_indicators() {
  const std::string still = "0 where one of them does not move in the window";
  return {
      single_indicator(kFamily, "correl", "Correlation of highs and lows", "high low",
                       {bars_parameter("period", 30, 2)},
                       {.names = {"correl_{period}"},
                        .kind = ColumnKind::oscillator,
                        .help = "Pearson's correlation of high and low",
                        .warm_up = first_parameter_rows_less_one,
                        .undefined = still,
                        .talib = "CORREL"},
                       "Pearson's correlation of the last `period` highs and lows",
                       [](IndicatorCall& call) {
                         call.note_undefined(0, correlation(call.bars.high, call.bars.low, call.whole(0), call.out(0)));
                       }),
      single_indicator(kFamily, "correl_close_volume", "Correlation of close and volume", "close volume",
                       {bars_parameter("period", 30, 2)},
                       {.names = {"correl_close_volume_{period}"},
                        .kind = ColumnKind::oscillator,
                        .help = "Pearson's correlation of close and volume",
                        .warm_up = first_parameter_rows_less_one,
                        .undefined = still},
                       "Pearson's correlation of the last `period` closes and volumes; TA-Lib CORREL",
                       [](IndicatorCall& call) {
                         call.note_undefined(
                             0, correlation(call.bars.close, call.bars.volume, call.whole(0), call.out(0)));
                       }),
      single_indicator(kFamily, "beta", "Beta of lows on highs", "high low", {bars_parameter("period", 5, 1)},
                       {.names = {"beta_{period}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "slope of the lows' returns on the highs'",
                        .warm_up = first_parameter_rows,
                        .undefined = "0 where the highs' returns do not differ in the window",
                        .talib = "BETA"},
                       "slope of the last `period` one-bar returns of the low on those of the high",
                       [](IndicatorCall& call) {
                         call.note_undefined(0, beta(call.bars.high, call.bars.low, call.whole(0), call.out(0)));
                       }),
      single_indicator(
          kFamily, "beta_close_volume", "Beta of volume on close", "close volume", {bars_parameter("period", 30, 1)},
          {.names = {"beta_close_volume_{period}"},
           .kind = ColumnKind::signed_sum,
           .help = "slope of the volume's relative changes on the close's",
           .warm_up = first_parameter_rows,
           .undefined = "0 where the close's returns do not differ in the window"},
          "slope of the last `period` relative changes of the volume on the close's returns, a change from no volume "
          "being 0; TA-Lib BETA",
          [](IndicatorCall& call) {
            call.note_undefined(0, beta(call.bars.close, call.bars.volume, call.whole(0), call.out(0)));
          }),
  };
}

int window_of_returns(const ParameterValues& values) {
  return values.whole(1);
}

std::vector<Indicator> indicators_of_returns() {
  const std::string still = "0 where the returns of the window do not differ";
  return {
      {.name = "return_moments",
       .title = "Skewness and kurtosis of returns",
       .family = "statistics",
       .inputs = "close",
       .parameters = {bars_parameter("period", 20, 4)},
       .outputs = {{.names = {"return_skew_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "skewness of the one-bar returns",
                    .warm_up = first_parameter_rows,
                    .undefined = still},
                   {.names = {"return_kurt_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "excess kurtosis of the one-bar returns",
                    .warm_up = first_parameter_rows,
                    .undefined = still}},
       .definition = "Fisher's G1 and G2 of the last `period` simple returns; pandas' rolling skew and kurt",
       .compute =
           [](IndicatorCall& call) {
             Scratch::Column returns(call.scratch), work(call.scratch);
             one_bar_returns(call.bars.close, returns);
             const auto undefined = skew_and_kurtosis(returns, call.whole(0), call.out(0), call.out(1), work);
             for (const std::size_t output : {0U, 1U}) call.note_undefined(output, undefined);
           }},
      single_indicator(
          kFamily, "return_autocorr", "Autocorrelation within a window of returns", "close",
          {{.name = "lag", .usual = 1, .least = 1, .most = 18},
           {.name = "period", .usual = 20, .least = 20, .most = 100'000}},
          {.names = {"return_autocorr_lag{lag}", "return_autocorr_lag{lag}_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "correlation of the returns with those `lag` bars before",
           .warm_up = window_of_returns,
           .undefined = still},
          "Pearson's correlation of the `period` - `lag` pairs of returns within the last `period` simple returns",
          [](IndicatorCall& call) {
            Scratch::Column returns(call.scratch);
            one_bar_returns(call.bars.close, returns);
            const int lag = call.whole(0);
            call.note_undefined(0, autocorrelation(returns, lag, call.whole(1) - lag, call.out(0)));
          }),
      single_indicator(kFamily, "autocorr", "Autocorrelation of returns", "close",
                       {{.name = "lag", .usual = 1, .least = 1, .most = 100'000},
                        {.name = "pairs", .usual = 100, .least = 2, .most = 100'000}},
                       {.names = {"autocorr_{lag}_{pairs}"},
                        .kind = ColumnKind::oscillator,
                        .help = "correlation of the returns with those `lag` bars before",
                        .warm_up = [](const ParameterValues& values) { return values.whole(0) + values.whole(1); },
                        .undefined = still},
                       "Pearson's correlation of the last `pairs` simple returns with those `lag` bars before them",
                       [](IndicatorCall& call) {
                         Scratch::Column returns(call.scratch);
                         one_bar_returns(call.bars.close, returns);
                         call.note_undefined(0, autocorrelation(returns, call.whole(0), call.whole(1), call.out(0)));
                       }),
      single_indicator(
          kFamily, "hurst", "Hurst exponent", "close",
          {bars_parameter("period", 100, 40), {.name = "longest", .usual = 20, .least = 3, .most = 38}},
          {.names = {"hurst_{period}", "hurst_{period}_{longest}"},
           .kind = ColumnKind::oscillator,
           .help = "below 0.5 where moves are undone, above where they go on",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0.5 where too few returns of the window move"},
          "slope of log(mean rescaled range) on log(length) for pieces of 2 to `longest` of the log returns between "
          "the last `period` closes, held within 0 and 1; Hurst 1951",
          [](IndicatorCall& call) {
            Scratch::Column returns(call.scratch);
            log_change(call.bars.close, 1, returns);
            call.note_undefined(0, hurst_exponent(returns, call.whole(0) - 1, call.whole(1), call.out(0)));
          }),
      single_indicator(
          kFamily, "return_entropy", "Entropy of returns", "close",
          {bars_parameter("period", 100, 2), {.name = "bins", .usual = 10, .least = 2, .most = 1000}},
          {.names = {"return_entropy_{period}", "return_entropy_{period}_{bins}"},
           .kind = ColumnKind::oscillator,
           .help = "0 where returns are of one size, 1 where all sizes are as many",
           .warm_up = first_parameter_rows,
           .undefined = still},
          "Shannon's entropy of the last `period` log returns in `bins` equal bins from the lowest to the highest, "
          "over "
          "log(bins)",
          [](IndicatorCall& call) {
            Scratch::Column returns(call.scratch);
            log_change(call.bars.close, 1, returns);
            call.note_undefined(0, shannon_entropy(returns, call.whole(0), call.whole(1), call.out(0)));
          }),
      single_indicator(
          kFamily, "frac_diff", "Fractional difference", "close",
          {{.name = "order", .usual = 0.4, .least = 0, .most = 2, .whole = false},
           {.name = "threshold", .usual = 1e-4, .least = 1e-6, .most = 0.1, .whole = false}},
          {.names = {"frac_diff_{order}", "frac_diff_{order}_{threshold}"},
           .kind = ColumnKind::signed_sum,
           .help = "log close less what its past of weights that fade says",
           .warm_up =
               [](const ParameterValues& values) {
                 return static_cast<int>(fractional_weights(values.number(0), values.number(1)).size()) - 1;
               }},
          "difference of `order` of the log close, of as many bars as have weights of at least `threshold`; Lopez de "
          "Prado 2018, chapter 5",
          [](IndicatorCall& call) {
            Scratch::Column logs(call.scratch);
            for (std::size_t i = 0; i < call.bars.size(); ++i) logs[i] = portable_log(call.bars.close[i]);
            window_dot(logs, fractional_weights(call.number(0), call.number(1)), call.out(0));
          }),
  };
}

}  // namespace

std::vector<Indicator> statistics_indicators() {
  std::vector<Indicator> all;
  for (auto* part : {&spread_indicators, &pair_indicators, &indicators_of_returns}) {
    for (Indicator& indicator : part()) all.push_back(std::move(indicator));
  }
  return all;
}

}  // namespace moola::market
