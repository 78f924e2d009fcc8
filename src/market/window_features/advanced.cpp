#include <cmath>

#include "market/portable_log.h"
#include "market/window_features/expanding_zscore.h"
#include "market/window_features/sets.h"
#include "market/window_features/window_bar.h"

namespace moola::market {
namespace {

constexpr std::size_t kColumns = 20;
constexpr std::size_t kTrailing[] = {5, 10, 20};
constexpr std::size_t kWing = 5;  // bars on each side of a swing

// Population deviation of the last `most` of `count` returns, of fewer where there are fewer; their mean is taken
// first.
double trailing_deviation(const std::vector<double>& returns, std::size_t most) {
  const std::size_t count = std::min(most, returns.size());
  if (count < 2) return 0.0;
  const double* first = returns.data() + returns.size() - count;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < count; ++i) sum += first[i];
  const double mean = sum / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) squares += (first[i] - mean) * (first[i] - mean);
  return std::sqrt(squares / static_cast<double>(count));
}

// Whether the bar kWing before `t` stands out from the kWing bars on both sides of it, by sign * price: above those
// before it and not below those after it. Of equal ones that is the first, and where nothing moves it is none.
bool stands_out(std::span<const double> window, std::size_t t, double WindowBar::*price, double sign) {
  if (t < 2 * kWing) return false;
  const double middle = sign * (bar_at(window, t - kWing).*price);
  for (std::size_t back = 0; back < kWing; ++back) {
    if (sign * (bar_at(window, t - back).*price) > middle) return false;
    if (sign * (bar_at(window, t - 2 * kWing + back).*price) >= middle) return false;
  }
  return true;
}

void compute(std::span<const double> window, const InnerWindow&, std::span<float> out) {
  const std::size_t bars = bars_of(window);
  ExpandingZscore level[4];
  std::vector<double> returns;
  for (std::size_t t = 0; t < bars; ++t) {
    const WindowBar bar = bar_at(window, t);
    const CandleShape shape = candle_shape(bar);
    float* to = out.data() + t * kColumns;
    const auto put = [&to](double value) { *to++ = static_cast<float>(value); };
    for (std::size_t c = 0; c < 4; ++c) {
      const double gain = t == 0 ? 0.0 : portable_log(window[t * 4 + c]) - portable_log(window[(t - 1) * 4 + c]);
      put(gain);
      if (c == 3 && t > 0) returns.push_back(gain);
    }
    for (std::size_t c = 0; c < 4; ++c) put(level[c].add(window[t * 4 + c]));
    for (const std::size_t trailing : kTrailing) put(trailing_deviation(returns, trailing));
    put(std::fabs(shape.body));
    put(shape.upper_wick);
    put(shape.lower_wick);
    put(bar.direction());
    put(stands_out(window, t, &WindowBar::high, 1) ? 1 : 0);
    put(stands_out(window, t, &WindowBar::low, -1) ? 1 : 0);
    put(t > 0 && gaps_up(bar_at(window, t - 1), bar) ? 1 : 0);
    put(t > 0 && gaps_down(bar_at(window, t - 1), bar) ? 1 : 0);
    put(bar.range() > 0 ? portable_log(bar.high) - portable_log(bar.low) : 0.0);
  }
}

std::vector<WindowFeatureColumn> columns() {
  const std::string flat = "0 in a bar without range";
  std::vector<WindowFeatureColumn> out;
  for (const char* price : {"open", "high", "low", "close"}) {
    out.push_back({std::string("log_return_") + price,
                   std::string("natural logarithm of ") + price + " over " + price + " one bar before", "any",
                   "0 in the first bar", 1});
  }
  for (const char* price : {"open", "high", "low", "close"}) {
    out.push_back({std::string("zscore_") + price,
                   std::string("(") + price + " - mean) / population deviation, both of all bars of the window so far",
                   "[-sqrt(t), sqrt(t)]", "0 where they do not move", 1});
  }
  for (const std::size_t trailing : kTrailing) {
    const std::string n = std::to_string(trailing);
    out.push_back(
        {"deviation_" + n,
         "population deviation of the last " + n + " log returns of the close, of fewer near the window's begin",
         "at least 0", "0 with fewer than two", trailing});
  }
  out.push_back({"body", "|close - open| / (high - low)", "[0, 1]", flat});
  out.push_back({"upper_wick", "(high - max(open, close)) / (high - low)", "[0, 1]", flat});
  out.push_back({"lower_wick", "(min(open, close) - low) / (high - low)", "[0, 1]", flat});
  out.push_back({"direction", "sign of close - open", "-1, 0, 1", ""});
  out.push_back({"swing_high",
                 "1 when the high of the bar 5 before this one is above those of the 5 bars before it and not below "
                 "those of the 5 bars after it: said when it can be known",
                 "0, 1", "0 before there are 11 bars", 2 * kWing});
  out.push_back({"swing_low",
                 "1 when the low of the bar 5 before this one is below those of the 5 bars before it and not above "
                 "those of the 5 "
                 "bars after it",
                 "0, 1", "0 before there are 11 bars", 2 * kWing});
  out.push_back({"gap_up", "1 when low > high one bar before", "0, 1", "0 in the first bar", 1});
  out.push_back({"gap_down", "1 when high < low one bar before", "0, 1", "0 in the first bar", 1});
  out.push_back({"range", "natural logarithm of high / low", "at least 0", flat});
  return out;
}

}  // namespace

WindowFeatureSet advanced_set() {
  return {.name = "advanced",
          .title = "Advanced",
          .definition =
              "Returns, level, volatility, candle, swings and gaps. Levels are measured among the bars so far, "
              "not among all of the window, and swings are flagged 5 bars after they stood, because a bar "
              "knows no later one",
          .form = WindowFeatureForm::per_bar,
          .columns = columns(),
          .compute = compute};
}

}  // namespace moola::market
