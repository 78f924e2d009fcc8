#include "market/window_features/sets.h"
#include "market/window_transform.h"

namespace moola::market {
namespace {

// The arithmetic is that of the normalisation of the same name: what a model is given and what stands in a file agree.
void compute(std::span<const double> window, const InnerWindow&, std::span<float> out) {
  for (std::size_t t = 0; t < window.size() / 4; ++t) relative_bar(window, {}, t, out.data() + t * kRelativeChannels);
}

std::vector<WindowFeatureColumn> columns() {
  std::vector<WindowFeatureColumn> out;
  for (const char* price : {"open", "high", "low", "close"}) {
    out.push_back({.name = std::string("log_return_") + price,
                   .definition = std::string("natural logarithm of ") + price + " over " + price + " one bar before",
                   .range = "any",
                   .undefined = "0 in the first bar",
                   .complete_from = 1});
  }
  out.push_back({.name = "body", .definition = "|close - open| / (high - low + 1e-8)", .range = "[0, 1]"});
  out.push_back(
      {.name = "upper_wick", .definition = "(high - max(open, close)) / (high - low + 1e-8)", .range = "[0, 1]"});
  out.push_back(
      {.name = "lower_wick", .definition = "(min(open, close) - low) / (high - low + 1e-8)", .range = "[0, 1]"});
  for (const char* price : {"open", "high", "low", "close"}) {
    out.push_back({.name = std::string("zscore_") + price,
                   .definition = std::string("(") + price +
                                 " - mean) / (population deviation + 1e-8), both of the last 20 bars with this one "
                                 "among them, of fewer near the window's begin",
                   .range = "[-10, 10]",
                   .undefined = "0 in the first bar; 0 but for rounding where they do not move",
                   .complete_from = kRelativeTrailing - 1});
  }
  return out;
}

}  // namespace

WindowFeatureSet relative_set() {
  return {.name = "relative",
          .title = "Relative transform",
          .definition =
              "Returns, shape and place among the bars before. The same numbers as `normalize = \"relative\"` "
              "gives a model. The two terms of 1e-8 are in the unit of the prices, so this set alone does "
              "not wholly forget it",
          .form = WindowFeatureForm::per_bar,
          .columns = columns(),
          .compute = compute};
}

}  // namespace moola::market
