#include "market/indicators/convergence.h"
#include "market/indicators/momentum_table.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

int macd_signal_first(const ParameterValues& values) {
  return longer_less_one(values) + values.whole(2) - 1;
}

// A crossing takes two bars.
int macd_cross_first(const ParameterValues& values) {
  return macd_signal_first(values) + 1;
}

IndicatorOutput macd_output(const std::string& name, std::string help, int (*warm_up)(const ParameterValues&),
                            std::string talib = {}) {
  return {.names = {name, name + "_{fast}_{slow}_{signal}"},
          .kind = ColumnKind::signed_sum,
          .help = std::move(help),
          .warm_up = warm_up,
          .talib = std::move(talib)};
}

}  // namespace

std::vector<Indicator> macd_indicators() {
  const std::vector<IndicatorParameter> parameters{bars_parameter("fast", 12), bars_parameter("slow", 26),
                                                   bars_parameter("signal", 9)};
  std::vector<Indicator> all{
      {.name = "macd",
       .title = "Convergence and divergence of moving averages",
       .family = kMomentum,
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
       .family = kMomentum,
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

}  // namespace moola::market
