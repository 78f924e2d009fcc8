#include "market/indicators/returns.h"

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

template <class Change>
void each_change(std::span<const double> x, int bars, std::span<double> out, Change&& change) {
  const std::size_t n = x.size(), lag = static_cast<std::size_t>(bars), first = std::min(n, leading_nans(x) + lag);
  fill_before(first, out);
  const double* const from = x.data();
  double* const to = out.data();
  for (std::size_t i = first; i < n; ++i) to[i] = change(from[i], from[i - lag]);
}

}  // namespace

void momentum(std::span<const double> x, int bars, std::span<double> out) {
  each_change(x, bars, out, [](double now, double then) { return now - then; });
}

void change_ratio(std::span<const double> x, int bars, double scale, std::span<double> out) {
  each_change(x, bars, out, [=](double now, double then) {
    const double ratio = now / then * scale;
    return then == 0.0 ? 0.0 : ratio;
  });
}

void change_rate(std::span<const double> x, int bars, double scale, std::span<double> out) {
  each_change(x, bars, out, [=](double now, double then) {
    const double rate = (now - then) / then * scale;
    return then == 0.0 ? 0.0 : rate;
  });
}

void log_change(std::span<const double> x, int bars, std::span<double> out) {
  const std::size_t lag = static_cast<std::size_t>(bars), first = std::min(x.size(), leading_nans(x) + lag);
  fill_before(first, out);
  if (first == x.size()) return;
  const double* const from = x.data() + first;
  rolling::kernels(isa()).log_ratio(from, from - lag, x.size() - first, out.data() + first);
}

std::int64_t close_location(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                            std::span<double> out) {
  const RowBlocks blocks(0, close.size(), 0);
  BlockColumn places(blocks), ranges(blocks);
  std::int64_t flat = 0;
  blocks.each([&](RowBlock block) {
    double *const place = places.advance(block), *const range = ranges.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double* const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      place[i] = (now[i] - bottom[i]) - (top[i] - now[i]);
      range[i] = top[i] - bottom[i];
    }
    flat += block_ratio(place, range, block.rows(), 1.0, 0.0, out.data() + block.begin);
  });
  return flat;
}

namespace {

// One output per column, from the first row on: value(open, high, low, close).
template <class Value>
void each_bar(IndicatorCall& call, std::size_t output, Value&& value) {
  if (!call.wanted(output)) return;
  const BarColumns& bars = call.bars;
  const double *const open = bars.open.data(), *const high = bars.high.data();
  const double *const low = bars.low.data(), *const close = bars.close.data();
  double* const out = call.out(output).data();
  for (std::size_t i = 0; i < bars.size(); ++i) out[i] = value(open[i], high[i], low[i], close[i]);
}

}  // namespace

std::vector<Indicator> return_indicators() {
  return {
      {.name = "return",
       .title = "Simple return",
       .family = "returns",
       .inputs = "close",
       .parameters = {bars_parameter("bars", 1)},
       .outputs = {{.names = {"return_{bars}"},
                    .kind = ColumnKind::returns,
                    .help = "close over an earlier close, less 1",
                    .warm_up = first_parameter_rows,
                    .talib = "ROCP"}},
       .definition = "(close - close `bars` ago) / close `bars` ago",
       .compute = [](IndicatorCall& call) { change_rate(call.bars.close, call.whole(0), 1.0, call.out(0)); }},
      {.name = "log_return",
       .title = "Log return",
       .family = "returns",
       .inputs = "close",
       .parameters = {bars_parameter("bars", 1)},
       .outputs = {{.names = {"log_return_{bars}"},
                    .kind = ColumnKind::returns,
                    .help = "logarithm of close over an earlier close",
                    .warm_up = first_parameter_rows}},
       .definition = "natural logarithm of close / close `bars` ago",
       .compute = [](IndicatorCall& call) { log_change(call.bars.close, call.whole(0), call.out(0)); }},
      {.name = "bar_ratios",
       .title = "Ratios of a bar's prices",
       .family = "returns",
       .inputs = "open high low close",
       .parameters = {},
       .outputs =
           {{.names = {"hl_ratio"}, .kind = ColumnKind::volatility, .help = "high over low", .warm_up = no_warm_up},
            {.names = {"co_ratio"}, .kind = ColumnKind::signed_sum, .help = "close over open", .warm_up = no_warm_up},
            {.names = {"range_pct"},
             .kind = ColumnKind::volatility,
             .help = "high less low, over close",
             .warm_up = no_warm_up},
            {.names = {"clv"},
             .kind = ColumnKind::oscillator,
             .help = "where the close lies in the bar's range: -1 at the low, 1 at the high",
             .warm_up = no_warm_up,
             .undefined = "0 where high and low are equal"}},
       .definition =
           "clv: ((close - low) - (high - close)) / (high - low), Chaikin's close location value; the factory "
           "has none where high and low are equal",
       .compute =
           [](IndicatorCall& call) {
             each_bar(call, 0, [](double, double high, double low, double) { return high / low; });
             each_bar(call, 1, [](double open, double, double, double close) { return close / open; });
             each_bar(call, 2, [](double, double high, double low, double close) { return (high - low) / close; });
             if (!call.wanted(3)) return;
             const BarColumns& bars = call.bars;
             call.note_undefined(3, close_location(bars.high, bars.low, bars.close, call.out(3)));
           }},
  };
}

}  // namespace moola::market
