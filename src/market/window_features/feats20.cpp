#include <array>
#include <cmath>
#include <vector>

#include "market/portable_log.h"
#include "market/window_features/close_shape.h"
#include "market/window_features/sets.h"
#include "market/window_features/window_bar.h"

namespace moola::market {
namespace {

constexpr std::size_t kColumns = 20, kContext = 20;
constexpr double kMost = 100;  // of ratios that nothing else bounds

// What is asked of bars in a row.
struct Stretch {
  std::size_t bars = 0;
  double mean_close = 0, deviation = 0, gain = 0;  // gain: last close over the first, less 1
  double span = 0;                                 // highest high less lowest low
  double low = 0, high = 0;                        // lowest low, highest high, as they are
  double mean_range = 0;
};

Stretch measure(std::span<const double> window) {
  Stretch out{.bars = bars_of(window)};
  if (out.bars == 0) return out;
  const auto n = static_cast<double>(out.bars);
  const WindowBar first = bar_at(window, 0);
  double high = first.high, low = first.low, sum = 0, ranges = 0, squares = 0;
  for (std::size_t t = 0; t < out.bars; ++t) {
    const WindowBar bar = bar_at(window, t);
    high = std::max(high, bar.high);
    low = std::min(low, bar.low);
    sum += bar.close - first.close;  // equal closes give exactly 0
    ranges += bar.range();
  }
  const double mean = sum / n;
  for (std::size_t t = 0; t < out.bars; ++t) {
    const double off = (bar_at(window, t).close - first.close) - mean;
    squares += off * off;
  }
  out.mean_close = first.close + mean;
  out.deviation = std::sqrt(squares / n);
  out.gain = (bar_at(window, out.bars - 1).close - first.close) / first.close;
  out.span = high > low ? high - low : 0.0;
  out.low = low;
  out.high = high;
  out.mean_range = ranges / n;
  return out;
}

double bounded(double value) {
  return std::clamp(value, -kMost, kMost);
}

void compute(std::span<const double> window, const InnerWindow& inner, std::span<float> out) {
  const std::size_t bars = inner.end - inner.begin, context = std::min(kContext, inner.begin);
  const std::span<const double> inside = window.subspan(inner.begin * 4, bars * 4);
  const Stretch here = measure(inside);
  const Stretch before = measure(window.subspan((inner.begin - context) * 4, context * 4));
  std::vector<double> prices(bars), closes(bars);  // as they are; less the first one
  CandleShape shapes;                              // sums
  std::size_t gaps = 0;
  for (std::size_t t = 0; t < bars; ++t) {
    const WindowBar bar = bar_at(inside, t);
    prices[t] = bar.close;
    closes[t] = bar.close - inside[3];
    const CandleShape shape = candle_shape(bar);
    shapes.body += std::fabs(shape.body);
    shapes.upper_wick += shape.upper_wick;
    shapes.lower_wick += shape.lower_wick;
    if (t > 0 && (gaps_up(bar_at(inside, t - 1), bar) || gaps_down(bar_at(inside, t - 1), bar))) ++gaps;
  }
  const auto n = static_cast<double>(bars);
  const double net = closes.back(), path = path_length(closes);
  const bool varied = before.bars > 1 && bars > 1 && before.deviation > 0;
  const std::array<double, kColumns> values{
      box_slope(prices, here.low, here.high),
      mirror_symmetry(closes),
      path > 0 ? net / path : 0.0,
      here.span > 0 ? std::clamp(1 - mean_deviation(closes) / here.span, 0.0, 1.0) : 1.0,
      varied ? portable_log1p((here.deviation / here.mean_close) / (before.deviation / before.mean_close)) : 0.0,
      before.bars > 0 ? bounded(here.gain - before.gain) : 0.0,
      before.span > 0 ? bounded((here.mean_close - before.mean_close) / before.span) : 0.0,
      before.span > 0 ? portable_log1p(here.span / before.span) : 0.0,
      before.mean_range > 0 ? bounded((here.mean_range - before.mean_range) / before.mean_range) : 0.0,
      shapes.body / n,
      shapes.upper_wick / n,
      shapes.lower_wick / n,
      bars > 1 ? static_cast<double>(gaps) / (n - 1) : 0.0,
      net != 0 ? portable_log1p(path / std::fabs(net)) : 0.0,
      range_scaling(closes),
      slope_regularity(closes),
      static_cast<double>(turning_points(closes)) / n,
      lagged_correlation(closes, 1),
      lagged_correlation(closes, 5),
      strongest_frequency(closes),
  };
  for (std::size_t i = 0; i < kColumns; ++i) out[i] = static_cast<float>(values[i]);
}

std::vector<WindowFeatureColumn> columns() {
  const std::string flat = "bars without range count as 0", alone = "0 when n is 1";
  return {
      {"box_slope",
       "the inner closes over the span (0 at the lowest low, 1 at the highest high); for s = 2, 4, 8 the number of "
       "different boxes floor(b * place), b - 1 at most, of b = ceil(n / s) equal ones; minus the slope of the "
       "straight "
       "line (least squares) of the logarithm of that number on that of s",
       "any", "1 when the span is 0 or n < 3"},
      {"symmetry",
       "1 - mean |l - r| / 2, l: the first floor(n/2) closes less their mean over their population deviation, r: the "
       "last floor(n/2) ones in reverse order likewise; a half that does not move counts as zeros",
       "[0, 1]", "0.5 when n is 1"},
      {"directionality", "(last close - first close) / path", "[-1, 1]", "0 where the path is 0"},
      {"compactness", "1 - (mean |close - mean close|) / span", "[0, 1]", "1 where the span is 0"},
      {"volatility_ratio",
       "ln(1 + v / w), v and w: population deviation over mean of the inner closes and of those before", "at least 0",
       "0 with fewer than two bars in either, and where w is 0"},
      {"momentum_change", "last close / first close of the inner window, less the same of the bars before",
       "[-100, 100]", "0 without bars before"},
      {"level_shift", "(mean inner close - mean close before) / span before", "[-100, 100]",
       "0 where the span before is 0"},
      {"range_ratio", "ln(1 + span / span before)", "at least 0", "0 where the span before is 0"},
      {"bar_range_change", "mean of high - low over that of the bars before, less 1", "[-1, 100]",
       "0 where that of the bars before is 0"},
      {"body", "mean of |close - open| / (high - low)", "[0, 1]", flat},
      {"upper_wick", "mean of (high - max(open, close)) / (high - low)", "[0, 1]", flat},
      {"lower_wick", "mean of (min(open, close) - low) / (high - low)", "[0, 1]", flat},
      {"gap_frequency", "share of steps from a bar to the next with low > high before or high < low before", "[0, 1]",
       alone},
      {"path_ratio", "ln(1 + path / |last close - first close|)", "at least ln 2",
       "0 where the last close is the first"},
      {"range_scaling",
       "closes cut into blocks of s bars from the first one on, a rest left out; slope of the straight line (least "
       "squares) of the logarithm of the blocks' mean highest less lowest close on that of s, for s = 2, 4, floor(n/2)",
       "any", "0.5 when n < 5 or fewer than two different s have a mean above 0"},
      {"regularity", "1 - population deviation of the changes of the steps of the close over that of the steps",
       "[0, 1]", "0.5 when n < 3; 1 where all steps are equal"},
      {"turning_points", "how often the close's direction changes (steps of 0 passed over), over n", "[0, 1)", ""},
      {"autocorrelation_1", "correlation of the closes with those one bar later", "[-1, 1]",
       "0 where either does not move or n < 3"},
      {"autocorrelation_5", "correlation of the closes with those five bars later", "[-1, 1]",
       "0 where either does not move or n < 7"},
      {"periodicity",
       "largest over sum of the squared Fourier coefficients 1 to floor(n/2) - 1 of the closes less their mean",
       "[0, 1]", "0 where the closes do not move or n < 7"},
  };
}

}  // namespace

WindowFeatureSet feats20_set() {
  return {
      .name = "feats20",
      .title = "Feats20",
      .definition =
          "Twenty numbers of the inner window (`--inner`, bars 30 to 74 of 105) and of the up to 20 bars before it. "
          "n: bars of the inner window; span: highest high less lowest low; path: sum of |close - close one bar "
          "before|. Bars after the inner window are not looked at, and where a label's own pointers lie is not "
          "asked. Nothing is fitted to other windows: no outlier is cut, nothing smoothed, nothing scaled",
      .form = WindowFeatureForm::per_window,
      .columns = columns(),
      .compute = compute};
}

}  // namespace moola::market
