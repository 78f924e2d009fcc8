#include <cmath>

#include "market/window_features/causal_zigzag.h"
#include "market/window_features/sets.h"

namespace moola::market {
namespace {

constexpr std::size_t kColumns = 13;
constexpr double kAlpha = 2.0 / 21.0;  // of the mean of ranges: 20 bars
constexpr std::size_t kWarmUp = 15;

// Of a distance to a swing in true ranges; where these are 0 the ratio is infinite, and its end is taken.
double distance(double difference, double average) {
  return difference == 0 ? 0.0 : std::clamp(difference / average, -3.0, 3.0);
}

void compute(std::span<const double> window, const InnerWindow&, std::span<float> out) {
  const std::size_t bars = bars_of(window);
  const auto length = static_cast<double>(bars);
  CausalZigzag zigzag;
  double mean_range = 0;
  for (std::size_t t = 0; t < bars; ++t) {
    const WindowBar bar = bar_at(window, t);
    const double range = bar.range();
    mean_range = t == 0 ? range : kAlpha * range + (1 - kAlpha) * mean_range;
    zigzag.add(bar);
    const CandleShape shape = candle_shape(bar);
    const double range_ratio = range > 0 ? std::clamp(range / mean_range, 0.0, 3.0) : 0.0;
    const auto &high = zigzag.high(), &low = zigzag.low();
    const double average = zigzag.average_true_range();
    const double since_high = high ? static_cast<double>(t - high->bar) / length : 0.0;
    const double since_low = low ? static_cast<double>(t - low->bar) / length : 0.0;
    const double values[kColumns] = {
        shape.open_position,
        shape.close_position,
        shape.body,
        shape.upper_wick,
        shape.lower_wick,
        range_ratio,
        high ? distance(high->price - bar.close, average) : 0.0,
        low ? distance(bar.close - low->price, average) : 0.0,
        since_high,
        since_low,
        std::clamp(range_ratio * zigzag.direction() * shape.body, -2.0, 2.0),
        (1 - range_ratio / 3) * (1 - std::fabs(shape.body)) * ((since_high + since_low) / 2),
        bars > 1 ? static_cast<double>(t) / (length - 1) : 0.0,
    };
    for (std::size_t c = 0; c < kColumns; ++c) out[t * kColumns + c] = static_cast<float>(values[c]);
  }
}

std::vector<WindowFeatureColumn> columns() {
  const std::string flat = "0 in a bar without range", unknown = "0 before the first such swing is known";
  return {
      {"open_norm", "(open - low) / (high - low)", "[0, 1]", flat},
      {"close_norm", "(close - low) / (high - low)", "[0, 1]", flat},
      {"body_pct", "(close - open) / (high - low)", "[-1, 1]", flat},
      {"upper_wick_pct", "(high - max(open, close)) / (high - low)", "[0, 1]", flat},
      {"lower_wick_pct", "(min(open, close) - low) / (high - low)", "[0, 1]", flat},
      {"range_z", "high - low over its exponential mean (alpha 2/21, begun with the first bar's), this bar among them",
       "[0, 3]", flat, kWarmUp},
      {"to_swing_high", "(last swing high - close) / ATR", "[-3, 3]",
       unknown + "; where ATR is 0, 0 at the swing's price and else the end of the range", kWarmUp},
      {"to_swing_low", "(close - last swing low) / ATR", "[-3, 3]",
       unknown + "; where ATR is 0, 0 at the swing's price and else the end of the range", kWarmUp},
      {"since_swing_high", "bars since the last swing high stood, over T", "[0, 1)", unknown, kWarmUp},
      {"since_swing_low", "bars since the last swing low stood, over T", "[0, 1)", unknown, kWarmUp},
      {"expansion_proxy", "`range_z` * direction of the leg (1 or -1, after this bar) * `body_pct`", "[-2, 2]", "",
       kWarmUp},
      {"consol_proxy", "(1 - `range_z` / 3) * (1 - |`body_pct`|) * (mean of `since_swing_high` and `since_swing_low`)",
       "[0, 1)", "", kWarmUp},
      {"position", "t / (T - 1)", "[0, 1]", "0 in windows of one bar"},
  };
}

}  // namespace

WindowFeatureSet relativity_set() {
  return {
      .name = "relativity",
      .title = "Relativity",
      .definition =
          "Candles, and where the price stands between the swings that a causal zigzag has found so far. The zigzag "
          "begins anew in each window, with a leg that goes up from the first bar. A leg's extreme (its highest high "
          "or "
          "lowest low, the first of equal ones) becomes a swing in a later bar than the window's first when a close is "
          "1.2 ATR or more away from it, or when it is 5 bars old at most and the bar's low (of an upward leg; else "
          "its "
          "high) is 0.5 ATR or more away, be it in the very bar that made it; then the leg turns at this bar's other "
          "end. True range: the largest of high - low, |high - close one bar before| and |low - close one bar before|, "
          "in the first bar high - low; ATR: mean of the last 10, of fewer near the window's begin. Where all are 0 "
          "nothing becomes a swing",
      .form = WindowFeatureForm::per_bar,
      .columns = columns(),
      .compute = compute};
}

}  // namespace moola::market
