#include <cmath>

#include "market/portable_log.h"
#include "market/window_features/expanding_zscore.h"
#include "market/window_features/sets.h"
#include "market/window_features/window_bar.h"

namespace moola::market {
namespace {

constexpr std::size_t kColumns = 15, kTrailing = 20;
constexpr double kMost = 20;  // no part of a bar is more than kTrailing times a mean that the bar is in

// Mean range of the last 20 bars up to `t`, of fewer near the window's begin.
double mean_range(std::span<const double> window, std::size_t t) {
  const std::size_t count = std::min(t + 1, kTrailing);
  double sum = 0;
  for (std::size_t back = count; back-- > 0;) sum += bar_at(window, t - back).range();
  return sum / static_cast<double>(count);
}

void compute(std::span<const double> window, const InnerWindow&, std::span<float> out) {
  ExpandingZscore level[4];
  int run = 0, before = 0;
  for (std::size_t t = 0; t < bars_of(window); ++t) {
    const WindowBar bar = bar_at(window, t);
    const CandleShape shape = candle_shape(bar);
    const double mean = mean_range(window, t);
    const auto in_ranges = [&](double part) { return mean > 0 ? std::clamp(part / mean, -kMost, kMost) : 0.0; };
    const int direction = bar.direction();
    run = t > 0 && direction == before ? run + 1 : 1;
    before = direction;
    float* to = out.data() + t * kColumns;
    const auto put = [&to](double value) { *to++ = static_cast<float>(value); };
    for (std::size_t c = 0; c < 4; ++c) put(level[c].add(window[t * 4 + c]));
    put(in_ranges(bar.close - bar.open));
    put(in_ranges(bar.range()));
    put(shape.body);
    put(in_ranges(std::max(0.0, bar.high - std::max(bar.open, bar.close))));
    put(in_ranges(std::max(0.0, std::min(bar.open, bar.close) - bar.low)));
    put(shape.close_position);
    put(shape.open_position);
    put(direction);
    put(t == 0 ? 0.0 : in_ranges(bar.open - bar_at(window, t - 1).close));
    put(portable_log(bar.close) - portable_log(bar.open));
    put(run);
  }
}

std::vector<WindowFeatureColumn> columns() {
  const std::string flat = "0 in a bar without range", still = "0 where M is 0";
  std::vector<WindowFeatureColumn> out;
  for (const char* price : {"open", "high", "low", "close"}) {
    out.push_back({price,
                   std::string("(") + price + " - mean) / population deviation, both of all bars of the window so far",
                   "[-sqrt(t), sqrt(t)]", "0 where they do not move", 1});
  }
  out.push_back({"body", "(close - open) / M", "[-20, 20]", still, kTrailing - 1});
  out.push_back({"range", "(high - low) / M", "[0, 20]", still, kTrailing - 1});
  out.push_back({"body_share", "(close - open) / (high - low)", "[-1, 1]", flat});
  out.push_back({"upper_wick", "(high - max(open, close)) / M", "[0, 20]", still, kTrailing - 1});
  out.push_back({"lower_wick", "(min(open, close) - low) / M", "[0, 20]", still, kTrailing - 1});
  out.push_back({"close_position", "(close - low) / (high - low)", "[0, 1]", flat});
  out.push_back({"open_position", "(open - low) / (high - low)", "[0, 1]", flat});
  out.push_back({"direction", "sign of close - open", "-1, 0, 1", ""});
  out.push_back(
      {"gap", "(open - close one bar before) / M", "[-20, 20]", "0 in the first bar and where M is 0", kTrailing - 1});
  out.push_back({"gain", "natural logarithm of close / open", "any", ""});
  out.push_back({"run", "bars in a row up to this one with its direction, this one among them", "1 to T", ""});
  return out;
}

}  // namespace

WindowFeatureSet hopsketch_set() {
  return {.name = "hopsketch",
          .title = "HopSketch",
          .definition =
              "Four prices, seven measures of the candle and four of its surroundings for every bar, all bars of a "
              "window in one row for models that take tables: 1,575 columns of 105 bars. The bar's number ends the "
              "name: `hopsketch_body_104`; a column knows nothing of later bars than that. M: mean of high - low over "
              "the last 20 bars with this one among them, of fewer near the window's begin",
          .form = WindowFeatureForm::unrolled,
          .columns = columns(),
          .compute = compute};
}

}  // namespace moola::market
