#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr std::array kInks{ChartInk::first, ChartInk::second, ChartInk::third, ChartInk::grey};

std::string times_text(double multiple) {
  return figure_text(multiple) + " ×";
}

std::string break_even_text(double multiple) {
  if (std::isnan(multiple)) return "loses without costs";
  return std::isinf(multiple) ? "at any costs" : fixed_text(multiple, 2) + " ×";
}

Html lines(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  HtmlTable out{{"configuration"}, {}, {false}};
  for (const validation::CostPoint& point : list.front()->costs) out.titles.push_back(times_text(point.multiple));
  out.titles.emplace_back("breaks even");
  out.numeric.resize(out.titles.size(), true);
  for (const ConfigurationResult* const each : list) {
    const bool best = each == source.best();
    std::vector<Html> row{best ? Html{"<b>"} + text(source.name(*each)) + Html{"</b>"} : text(source.name(*each))};
    for (const validation::CostPoint& point : each->costs) {
      row.push_back(text(share_text(point.total)) + Html{"<br><small>"} +
                    muted(fixed_text(source.annual(point.sharpe), 2)) + Html{"</small>"});
    }
    row.push_back(text(break_even_text(each->break_even_multiple)));
    out.rows.push_back(std::move(row));
  }
  return Html{"<div class=\"wide\">"} + table(out) + Html{"</div>\n"};
}

Html chart_of(const ReportSource& source, const std::vector<const ConfigurationResult*>& list) {
  Chart chart{.title = "Sharpe ratio by costs", .x = {}, .y = {}, .upright = {1}, .level = {0}, .height = 280};
  ChartExtent across, up;
  up.take(0);
  for (std::size_t i = 0; i < std::min(list.size(), kInks.size()); ++i) {
    ChartLine line{.label = source.name(*list[i]), .ink = kInks[i], .of_second = i > 0};
    for (const validation::CostPoint& point : list[i]->costs) {
      const ChartPoint at{point.multiple, source.annual(point.sharpe)};
      across.take(at.x);
      up.take(at.y);
      line.points.push_back(at);
    }
    chart.lines.push_back(std::move(line));
  }
  chart.x = number_axis("times the costs", across.low, across.high, 6);
  chart.y = number_axis("annual Sharpe ratio", up.low, up.high, 5);
  return chart_figure(chart,
                      "The same trades at other costs: no decision looks at costs. The upright line is what trades "
                      "cost here. A line that falls below 0 just behind it hangs on the costs being no higher than "
                      "was thought.");
}

}  // namespace

Html costs_part(const ReportSource& source) {
  if (!source.prices) return {};
  std::vector<const ConfigurationResult*> list;
  for (const ConfigurationResult* const each : source.ranking()) {
    if (!each->costs.empty()) list.push_back(each);
  }
  if (list.empty()) return {};
  return lines(source, list) +
         paragraph(muted("Total, and below it the annual Sharpe ratio, of the median path at so many times the costs "
                         "(0 ×: none). Breaks even: the multiple at which nothing is left.")) +
         chart_of(source, list);
}

}  // namespace moola::work
