#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using validation::Overfitting;

constexpr std::size_t kMostDots = 2000, kMostBars = 40;

// What is chosen by, over a year.
struct Measure {
  double factor;
  std::string words;
};

Measure measure_of(const ReportSource& source) {
  const std::string& metric = source.config.values.overfitting.metric;
  const double periods = source.results.periods_per_year;
  if (metric == "mean") return {100 * periods, "mean return, % a year"};
  return {std::sqrt(periods), metric == "sortino" ? "annual Sortino ratio" : "annual Sharpe ratio"};
}

// Where a rank stands among all, by its logit: 0 is the worst, 1 the best.
double standing(double logit) {
  return 1 / (1 + std::exp(-logit));
}

// Bars are as wide as ranks are apart, so that a choice that tells nothing fills all of them alike; the logits stand
// where they belong.
Html ranks(const Overfitting& found) {
  if (found.logit.empty() || found.configurations == 0) return {};
  const double places = static_cast<double>(found.configurations) + 1, first = 0.5 / places;
  const std::size_t count = std::min(found.configurations, kMostBars);
  std::vector<double> low(count), high(count);  // shares of the combinations: logits at or below 0, and above
  const double width = (1 - 2 * first) / static_cast<double>(count);
  for (const double logit : found.logit) {
    if (std::isnan(logit)) continue;
    const double bar = std::floor((standing(logit) - first) / width + 1e-9);
    const auto at = static_cast<std::size_t>(std::clamp(bar, 0.0, static_cast<double>(count - 1)));
    (logit <= 0 ? low : high)[at] += 100 / static_cast<double>(found.logit.size());
  }
  Chart chart{.title = "ranks of the chosen outside",
              .x = {.label = "logit of the rank of the chosen in the other half: the worst left, the best right"},
              .y = {},
              .bars = {{.label = "no better than the median: " + share_text(found.pbo), .ink = ChartInk::second},
                       {.label = "better", .ink = ChartInk::first}},
              .upright = {0.5},
              .height = 270};
  for (const double logit : {-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0}) {
    if (const double at = standing(logit); at >= first && at <= 1 - first)
      chart.x.ticks.push_back({at, fmt::format("{:.0f}", logit)});
  }
  ChartExtent range;
  range.take(0);
  for (std::size_t i = 0; i < count; ++i) {
    const double from = first + width * static_cast<double>(i), to = from + width;
    chart.bars[0].bars.push_back({from, to, 0, low[i]});
    chart.bars[1].bars.push_back({from, to, low[i], low[i] + high[i]});
    range.take(low[i] + high[i]);
  }
  chart.y = number_axis("% of the choices", 0, range.high, 5);
  return chart_figure(
      chart,
      fmt::format("Time is cut into blocks; each of {} ways to take half of them chooses a configuration, and the bars "
                  "count where the chosen one ranks in the other half. The orange ones together are the PBO. Bars that "
                  "rise to the right: what did well goes on doing well. Bars that are all alike: the choice tells "
                  "nothing. Bars that rise to the left: the choice picks luck that turns.",
                  figure_text(static_cast<double>(found.combinations))));
}

Html scatter(const Overfitting& found, const Measure& measure) {
  const std::size_t all = std::min(found.inside.size(), found.outside.size()), shown = std::min(all, kMostDots);
  ChartDots dots{.label = "a choice", .ink = ChartInk::first};
  ChartExtent across, up;
  up.take(0);
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t at = all * i / shown;
    const ChartPoint point{measure.factor * found.inside[at], measure.factor * found.outside[at]};
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    across.take(point.x);
    up.take(point.y);
    dots.points.push_back(point);
  }
  if (dots.points.empty()) return {};
  Chart chart{.title = "in-sample against out-of-sample",
              .x = number_axis(measure.words + ", in the half that chooses", across.low, across.high, 8),
              .y = number_axis(measure.words + ", outside", up.low, up.high, 6),
              .dots = {std::move(dots)},
              .level = {0},
              .height = 320};
  const auto on_line = [&](double x) { return found.slope * x + measure.factor * found.intercept; };
  const bool has_slope = std::isfinite(found.slope) && std::isfinite(found.intercept);
  if (has_slope) {
    chart.lines.push_back({.label = "slope " + figure_text(found.slope),
                           .ink = ChartInk::second,
                           .points = {{across.low, on_line(across.low)}, {across.high, on_line(across.high)}}});
  }
  return chart_figure(
      chart,
      fmt::format(
          "The chosen configuration in the half that chose it, and in the other half{}. Dots below the "
          "dashed line lost ({} of all choices). {}A configuration by itself makes a falling row of "
          "dots, for both halves share what it earned in all; where the line over all of them rises, what looked "
          "better also went on better, and where it falls it went on worse.",
          shown < all ? fmt::format(" ({} of {} choices are drawn)", figure_text(static_cast<double>(shown)),
                                    figure_text(static_cast<double>(all)))
                      : "",
          share_text(found.prob_loss),
          has_slope && std::isfinite(found.r_squared)
              ? fmt::format("The line explains {} of the differences. ", share_text(found.r_squared))
              : ""));
}

Html distributions(const Overfitting& found, const Measure& measure) {
  const std::size_t n = std::min({found.at.size(), found.winners_below.size(), found.all_below.size()});
  ChartLine winners{.label = "the chosen", .ink = ChartInk::first, .steps = true},
      all{.label = "any configuration", .ink = ChartInk::grey, .of_second = true};
  ChartExtent across;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = measure.factor * found.at[i];
    across.take(x);
    winners.points.push_back({x, 100 * found.winners_below[i]});
    all.points.push_back({x, 100 * found.all_below[i]});
  }
  if (across.empty()) return {};
  const char* const dominance =
      found.first_order    ? "Here it does so everywhere."
      : found.second_order ? "Here it does so on the whole but not everywhere: enough for who is wary of losses."
                           : "Here it does not, not even on the whole: among low results the choice is no better.";
  return chart_figure({.title = "distributions of results outside",
                       .x = number_axis(measure.words + ", outside", across.low, across.high, 8),
                       .y = number_axis("% at or below", 0, 100, 5),
                       .lines = {std::move(winners), std::move(all)},
                       .height = 270},
                      fmt::format("Which share of results outside lies at or below each value: of the chosen "
                                  "configurations, and of all of them. A choice that is worth something lies to the "
                                  "right of and below any configuration. {}",
                                  dominance));
}

Html numbers(const ReportSource& source, const Measure& measure) {
  const EvaluationResults& results = source.results;
  std::vector<std::pair<std::string, Html>> rows;
  if (results.overfitting) {
    const Overfitting& found = *results.overfitting;
    rows.emplace_back("PBO", text(share_text(found.pbo)));
    rows.emplace_back("loss", text(share_text(found.prob_loss) + " of the chosen lose outside"));
    rows.emplace_back("chosen from", text(count_text(found.configurations, "configuration", "configurations") +
                                          (source.splits.paths.size() > 1 ? ", each by the mean of its paths" : "")));
    rows.emplace_back("choices",
                      text(fmt::format("{} of {} blocks, by {}", figure_text(static_cast<double>(found.combinations)),
                                       source.config.values.overfitting.blocks, measure.words)));
    rows.emplace_back("bars", text(figure_text(static_cast<double>(found.rows))));
  }
  if (results.trials > 0) {
    rows.emplace_back("tries", text(figure_text(results.trials) +
                                    (results.effective_trials > 0
                                         ? fmt::format(", as different as {}", figure_text(results.effective_trials))
                                         : "")));
    rows.emplace_back("luck", text(fmt::format("an annual Sharpe ratio of {}: the best of so many without skill",
                                               fixed_text(source.annual(results.deflation), 2))));
  }
  return rows.empty() ? Html{} : facts(rows);
}

}  // namespace

Html overfitting_part(const ReportSource& source) {
  const EvaluationResults& results = source.results;
  if (!results.overfitting && results.no_overfitting.empty()) return {};
  const Measure measure = measure_of(source);
  Html out;
  if (!results.overfitting) {
    out += paragraph(text("There is no probability of backtest overfitting: " + results.no_overfitting + "."));
    return out + numbers(source, measure);
  }
  const Overfitting& found = *results.overfitting;
  out += numbers(source, measure);
  return out + ranks(found) + scatter(found, measure) + distributions(found, measure);
}

}  // namespace moola::work
