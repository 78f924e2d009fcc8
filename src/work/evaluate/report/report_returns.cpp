#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostPoints = 600, kMostPaths = 30;
constexpr std::array kInks{ChartInk::first, ChartInk::second, ChartInk::third};

// Equity and how far it is below its highest, at up to kMostPoints moments: the last and the deepest of each stretch.
// A stretch in which nothing was tested breaks the line.
struct Course {
  std::vector<ChartPoint> equity, drawdown;
};

Course course_of(const std::vector<std::int64_t>& clock, const std::vector<double>& returns) {
  Course out;
  const std::size_t n = std::min(clock.size(), returns.size()), points = std::min(n, kMostPoints);
  double equity = 1, highest = 1;
  for (std::size_t point = 0; point < points; ++point) {
    const std::size_t begin = n * point / points, end = n * (point + 1) / points;
    double deepest = 0, deepest_at = 0, last = kNone;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isfinite(returns[i])) continue;
      const auto time = static_cast<double>(clock[i]);
      if (out.equity.empty() && std::isnan(last)) out.equity.push_back({time, 1});
      equity *= 1 + returns[i];
      highest = std::max(highest, equity);
      last = time;
      if (const double below = equity / highest - 1; below <= deepest) {
        deepest = below;
        deepest_at = time;
      }
    }
    if (std::isnan(last)) {
      if (!out.equity.empty() && std::isfinite(out.equity.back().x)) {
        out.equity.push_back({kNone, kNone});
        out.drawdown.push_back({kNone, kNone});
      }
      continue;
    }
    out.equity.push_back({last, equity});
    out.drawdown.push_back({deepest < 0 ? deepest_at : last, 100 * deepest});
  }
  return out;
}

bool has_returns(const ConfigurationResult& result) {
  return std::ranges::any_of(result.returns, [](double each) { return std::isfinite(each); });
}

// The best few that were tried, or where there are none, baselines.
std::vector<const ConfigurationResult*> drawn_ones(const ReportSource& source) {
  std::vector<const ConfigurationResult*> out;
  if (source.best() != nullptr && has_returns(*source.best())) out.push_back(source.best());
  for (const bool baselines : {false, true}) {
    if (baselines && !out.empty()) break;
    for (const ConfigurationResult* const each : source.ranking()) {
      if (out.size() == kInks.size()) break;
      if (source.is_baseline(*each) == baselines && each != source.best() && has_returns(*each)) out.push_back(each);
    }
  }
  return out;
}

std::string with_total(const std::string& name, double total) {
  return fmt::format("{} ({}{})", name, total > 0 ? "+" : "", share_text(total));
}

ChartAxis axis_of(const std::vector<std::int64_t>& clock) {
  return time_axis(static_cast<double>(clock.front()), static_cast<double>(clock.back()));
}

// Thin lines of the best one's paths, where there are several; how many.
std::size_t add_paths(const ReportSource& source, Chart& chart) {
  const EvaluationResults& results = source.results;
  if (source.best() == nullptr || source.best()->path_equity.size() < 2) return 0;
  const std::size_t paths = std::min(kMostPaths, source.best()->path_equity.size());
  for (std::size_t path = 0; path < paths; ++path) {
    const std::vector<double>& equity = source.best()->path_equity[path];
    ChartLine line{.label = path == 0 ? "all paths of the best" : "", .ink = ChartInk::pale, .of_second = true};
    for (std::size_t i = 0; i < std::min(equity.size(), results.equity_at.size()); ++i)
      line.points.push_back({static_cast<double>(results.clock[results.equity_at[i]]), equity[i]});
    chart.lines.push_back(std::move(line));
  }
  return paths;
}

}  // namespace

Html equity_part(const ReportSource& source) {
  const EvaluationResults& results = source.results;
  if (!source.prices || results.clock.empty()) return {};
  Chart chart{.title = "equity over time", .x = axis_of(results.clock), .y = {}, .level = {1}, .height = 340};
  for (const ConfigurationResult* const each : drawn_ones(source)) {
    chart.lines.push_back({.label = with_total(source.name(*each), each->median_path.total),
                           .ink = kInks.at(chart.lines.size()),
                           .points = course_of(results.clock, each->returns).equity,
                           .of_second = !chart.lines.empty()});
  }
  if (chart.lines.empty()) return {};
  const std::size_t strategies = chart.lines.size();
  if (!results.hold_returns.empty()) {
    chart.lines.push_back({.label = results.hold ? with_total("buy and hold", results.hold->total) : "buy and hold",
                           .ink = ChartInk::grey,
                           .points = course_of(results.clock, results.hold_returns).equity,
                           .of_second = true});
  }
  const std::size_t paths = add_paths(source, chart);
  ChartExtent range;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) range.take(point.y);
  }
  const bool by_factors = range.low > 0 && range.high > 8 * range.low;
  chart.y = by_factors ? factor_axis("equity, start = 1", range.low, range.high)
                       : number_axis("equity, start = 1", range.low, range.high);
  return chart_figure(
      chart,
      fmt::format("What 1 would have become, net of costs and with gains put in again: {} by Sharpe ratio, and whoever "
                  "buys and holds over the same bars.{}{} A line that lies above 1 earned money; one that does not lie "
                  "above the grey one could have been had without a model.{}",
                  strategies == 1 ? "the best" : fmt::format("the best {}", strategies),
                  by_factors ? " Equal steps upward are equal factors." : "",
                  paths > 0 ? " Of several paths over the same bars each line is the one with the median Sharpe ratio; "
                              "the pale lines are all paths of the best, and how far they lie apart is how much hangs "
                              "on which data a model was fitted on."
                            : "",
                  source.results.contamination.empty() ? "" : " Of a contaminated run: do not believe it."));
}

Html paths_part(const ReportSource& source) {
  if (!source.prices) return {};
  RowChart chart{.title = "annual Sharpe ratios over paths", .x = {}, .upright = 0.0};
  ChartExtent range;
  range.take(0);
  std::size_t most = 0, left_out = 0;
  for (const ConfigurationResult* const each : source.ranking()) {
    RowChart::Row row{.label = source.name(*each)};
    for (const validation::PathSummary& path : each->paths) {
      const double sharpe = source.annual_sharpe(path);
      if (!std::isfinite(sharpe)) continue;
      row.dots.push_back(sharpe);
    }
    if (row.dots.empty()) continue;
    if (chart.rows.size() == kMostPaths) {
      ++left_out;
      continue;
    }
    most = std::max(most, row.dots.size());
    for (const double each_dot : row.dots) range.take(each_dot);
    if (const double median = source.annual_sharpe(each->median_path); std::isfinite(median)) {
      row.mark = median;
      row.value = fixed_text(median, 2);
    }
    chart.rows.push_back(std::move(row));
  }
  // One path is what the table says already.
  if (most < 2) return {};
  chart.x = number_axis("annual Sharpe ratio, net", range.low, range.high, 9);
  return row_chart_figure(
      chart, {{ChartInk::first, "a path"}, {ChartInk::second, "the median path"}},
      fmt::format(
          "Each dot is a path: one way to put the test parts together, so that all of time is predicted once by "
          "models that were fitted elsewhere. Dots far apart: the result hangs on which data a model was "
          "fitted on. Dots on both sides of 0: it may as well lose. The upright bar, and the number: the median "
          "path (of an even number the lower of the two in the middle), by which configurations are ranked and "
          "judged. The mean of all paths’ returns moves less than they do, and has a ratio further from 0; nobody "
          "trades it.{}",
          left_out > 0 ? fmt::format(" The first {} by Sharpe ratio; {} more are not drawn.", kMostPaths, left_out)
                       : ""));
}

Html drawdown_part(const ReportSource& source) {
  const EvaluationResults& results = source.results;
  const ConfigurationResult* const best = source.best();
  if (!source.prices || best == nullptr || results.clock.empty() || !has_returns(*best)) return {};
  Chart chart{.title = "drawdown over time", .x = axis_of(results.clock), .y = {}, .height = 240};
  chart.lines.push_back(
      {.label = source.name(*best), .points = course_of(results.clock, best->returns).drawdown, .filled = true});
  if (!results.hold_returns.empty()) {
    chart.lines.push_back({.label = "buy and hold",
                           .ink = ChartInk::grey,
                           .points = course_of(results.clock, results.hold_returns).drawdown,
                           .of_second = true});
  }
  ChartExtent range;
  range.take(0);
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) range.take(point.y);
  }
  chart.y = number_axis("% below the highest", range.low, range.high, 5);
  chart.y.high = std::min(chart.y.high, range.low < 0 ? 0.0 : chart.y.high);
  const validation::PathSummary& path = best->median_path;
  return chart_figure(
      chart, fmt::format("How far equity was below the highest it had ever been: at 0 it is at a new high. The deepest "
                         "of {} was {}; its longest stretch below an earlier high took {} of {} bars. Who cannot bear "
                         "such a stretch would have given up in it.",
                         source.name(*best), share_text(path.drawdown.depth),
                         figure_text(static_cast<double>(path.longest_under_water)),
                         figure_text(static_cast<double>(path.rows))));
}

}  // namespace moola::work
