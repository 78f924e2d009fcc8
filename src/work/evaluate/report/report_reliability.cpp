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
using validation::ReliabilityBin;
using validation::ReliabilityCurve;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBars = 40, kMostClasses = 6;
constexpr double kTellingRows = 30;  // of a bin of equal width; fewer only make the line jump

// The best, then the baseline that was looked at.
std::vector<const ConfigurationResult*> looked_at(const ReportSource& source) {
  std::vector<const ConfigurationResult*> out;
  if (source.best() != nullptr && source.best()->reliability) out.push_back(source.best());
  for (const ConfigurationResult& each : source.results.configurations) {
    if (&each != source.best() && each.reliability) out.push_back(&each);
  }
  out.resize(std::min<std::size_t>(out.size(), 2));
  return out;
}

ChartInk ink_of(std::size_t number) {
  return number == 0 ? ChartInk::first : ChartInk::second;
}

// The mean over rows of what their bins have.
double mean_of(const ReliabilityCurve& curve, double ReliabilityBin::*field) {
  double sum = 0, rows = 0;
  for (const ReliabilityBin& bin : curve.bins) {
    sum += bin.weight * bin.*field;
    rows += bin.weight;
  }
  return sum / rows;
}

Html errors(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  HtmlTable out{
      {"configuration", "sure", "right", "ECE, equal mass", "ECE, equal width"}, {}, {false, true, true, true, true}};
  for (const ConfigurationResult* const each : list) {
    const ReliabilityResult& found = *each->reliability;
    Html name = text(source.name(*each));
    if (source.is_baseline(*each)) name += muted(" baseline");
    out.rows.push_back({name, text(share_text(mean_of(found.by_mass, &ReliabilityBin::confidence))),
                        text(share_text(mean_of(found.by_mass, &ReliabilityBin::share))),
                        text(fixed_text(found.by_mass.ece, 4)), text(fixed_text(found.by_width.ece, 4))});
  }
  return table(out);
}

Html curve(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  Chart chart{.title = "reliability", .x = {}, .y = {}, .height = 320};
  ChartExtent across, up;
  ChartLine reach{.label = "95 % of each share of the best", .ink = ChartInk::pale, .of_second = true};
  for (std::size_t i = 0; i < list.size(); ++i) {
    const ReliabilityResult& found = *list[i]->reliability;
    ChartLine line{.label = source.name(*list[i]), .ink = ink_of(i), .of_second = i > 0};
    for (const ReliabilityBin& bin : found.by_mass.bins) {
      line.points.push_back({100 * bin.confidence, 100 * bin.share});
      across.take(100 * bin.confidence);
      up.take(100 * bin.share);
      if (i > 0) continue;
      for (const double end : {bin.share_low, bin.share_high}) {
        reach.points.push_back({100 * bin.confidence, 100 * end});
        up.take(100 * end);
      }
      reach.points.push_back({kNone, kNone});
    }
    chart.lines.push_back(std::move(line));
    if (i > 0) continue;
    ChartLine wide{.label = "the same in bins of equal width", .ink = ChartInk::third, .of_second = true};
    for (const ReliabilityBin& bin : found.by_width.bins) {
      if (bin.weight < kTellingRows) continue;
      wide.points.push_back({100 * bin.confidence, 100 * bin.share});
      across.take(100 * bin.confidence);
      up.take(100 * bin.share);
    }
    chart.lines.push_back(std::move(wide));
  }
  if (across.empty()) return {};
  chart.x = number_axis("how sure, %", across.low, across.high, 8);
  up.take(across.low);
  up.take(across.high);
  chart.y = number_axis("how often right, %", up.low, up.high, 7);
  chart.lines.push_back({.label = "as sure as right",
                         .ink = ChartInk::grey,
                         .points = {{chart.x.low, chart.x.low}, {chart.x.high, chart.x.high}},
                         .of_second = true});
  // What leaves the drawing is cut off: the line of what is right is as long as both axes share.
  chart.lines.back().points.front() = {std::max(chart.x.low, chart.y.low), std::max(chart.x.low, chart.y.low)};
  chart.lines.back().points.back() = {std::min(chart.x.high, chart.y.high), std::min(chart.x.high, chart.y.high)};
  chart.lines.push_back(std::move(reach));
  return chart_figure(chart,
                      "Rows by the probability of the class that was forecast, in ten bins of as many rows: how sure "
                      "the forecasts of a bin were, and how often they were right. Below the grey line: surer than it "
                      "should be; above it: less sure. Bins of equal width are drawn where they have 30 rows. The "
                      "intervals take rows for independent, so where labels "
                      "overlap they are too narrow.");
}

Html histogram(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  Chart chart{.title = "how sure forecasts are", .x = {}, .y = {}, .height = 220};
  ChartExtent across, up;
  up.take(0);
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::array<double, kBars> share{};
    double rows = 0;
    for (const ReliabilityBin& bin : list[i]->reliability->histogram) rows += bin.weight;
    for (const ReliabilityBin& bin : list[i]->reliability->histogram) {
      const double at = std::round(bin.low * kBars);
      share[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(kBars - 1)))] = 100 * bin.weight / rows;
      across.take(100 * bin.low);
      across.take(100 * bin.high);
    }
    ChartBars bars{.label = source.name(*list[i]), .ink = ink_of(i)};
    ChartLine line{.label = bars.label, .ink = ink_of(i), .steps = true};
    for (std::size_t bar = 0; bar < kBars; ++bar) {
      const double from = 100 * static_cast<double>(bar) / kBars, to = 100 * static_cast<double>(bar + 1) / kBars;
      bars.bars.push_back({from, to, 0, share[bar]});
      line.points.push_back({from, share[bar]});
      if (bar + 1 == kBars) line.points.push_back({to, share[bar]});
      up.take(share[bar]);
    }
    i == 0 ? chart.bars.push_back(std::move(bars)) : chart.lines.push_back(std::move(line));
  }
  if (across.empty()) return {};
  chart.x = number_axis("how sure, %", across.low, across.high, 8);
  chart.y = number_axis("% of rows", 0, up.high, 4);
  // Bars that hold nothing beyond the axis are not drawn.
  const auto beyond = [&](double at) { return at < chart.x.low - 1e-6 || at > chart.x.high + 1e-6; };
  for (ChartBars& bars : chart.bars)
    std::erase_if(bars.bars, [&](const ChartBars::Bar& bar) { return beyond(bar.from) || beyond(bar.to); });
  for (ChartLine& line : chart.lines)
    std::erase_if(line.points, [&](const ChartPoint& each) { return beyond(each.x); });
  return chart_figure(chart,
                      "How many rows are forecast how surely. A model that is nearly always as sure says little about "
                      "single rows, however reliable it is.");
}

Html sets(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  const ConformalResult* first = nullptr;
  for (const ConfigurationResult* const each : list) {
    if (first == nullptr && each->conformal) first = &*each->conformal;
  }
  if (first == nullptr) return {};
  const std::vector<std::string>& classes = source.data.class_names;
  const bool by_class = classes.size() <= kMostClasses;
  HtmlTable out{{"configuration", "sets", "hold what came", "mean size", "of one", "empty"}, {}, {false, false}};
  if (by_class) {
    for (const std::string& name : classes) out.titles.push_back("of " + name);
  }
  out.numeric.resize(out.titles.size(), true);
  for (const ConfigurationResult* const each : list) {
    if (!each->conformal) continue;
    const auto line = [&](const char* name, const validation::SetScores& scores) {
      std::vector<Html> row{text(source.name(*each)),
                            text(name),
                            text(share_text(scores.coverage)),
                            text(fixed_text(scores.mean_size, 2)),
                            text(share_text(scores.singletons)),
                            text(share_text(scores.empty))};
      for (std::size_t c = 0; by_class && c < classes.size(); ++c)
        row.push_back(text(c < scores.coverage_by_class.size() ? share_text(scores.coverage_by_class[c]) : "–"));
      out.rows.push_back(std::move(row));
    };
    line("LAC", each->conformal->lac);
    line("APS", each->conformal->aps);
  }
  const auto count = [](std::size_t rows) { return figure_text(static_cast<double>(rows)); };
  return Html{"<h3>Sets of classes that should miss one row in ten</h3><div class=\"wide\">"} + table(out) +
         Html{"</div>\n"} +
         paragraph(muted(fmt::format(
             "Thresholds come from the first half of the tested rows ({}; {} more were left out because their labels "
             "reach into the second half), and are measured on the second ({}, from {} on). 90 % should hold what "
             "came: "
             "less means that the later half is not like the earlier one. The smaller the sets, the more is said; {} "
             "classes in each say nothing.{} LAC makes the smallest sets, APS larger ones where the model is unsure. "
             "Models of both halves were fitted on other rows, as everywhere on a path.",
             count(first->calibrated), count(first->purged), count(first->measured), date_text(first->from),
             classes.size(), by_class ? " The last columns: how often they hold each class when it comes." : "")));
}

}  // namespace

Html reliability_part(const ReportSource& source) {
  const std::vector<const ConfigurationResult*> list = looked_at(source);
  if (list.empty()) return {};
  const std::string words =
      fmt::format("Of {}: {} the path whose log-loss is the median of its paths.",
                  list.size() == 2 ? "the best, and the baseline with the least log-loss" : source.name(*list[0]),
                  list.size() == 2 ? "of each" : "of");
  return paragraph(text(words)) + errors(source, list) + curve(source, list) + histogram(source, list) +
         sets(source, list);
}

}  // namespace moola::work
