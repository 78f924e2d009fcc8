#include "work/evaluate/models/comparison_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "work/evaluate/config/believable.h"
#include "work/pages/report_chart.h"
#include "work/pages/report_numbers.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostRows = 100;
constexpr std::array kInks{ChartInk::first, ChartInk::second, ChartInk::third};

double pbo_of(const ComparedRun& run) {
  return run.pbo().value_or(kNone);
}

Html choices(const RunComparison& comparison) {
  Html out;
  if (comparison.choices.empty()) {
    out += callout(Tone::bad, text("None of these runs has a verdict, so nothing can be chosen among them."));
  }
  for (const ChoiceAmongRuns& each : comparison.choices) {
    const ComparedConfiguration& best = comparison.configurations[each.configuration];
    const double pbo = pbo_of(comparison.runs[best.run]);
    const bool holds = each.dsr && *each.dsr >= kHoldsDsr && pbo <= kHoldsPbo;
    out += callout(best.total <= 0 ? Tone::bad
                   : holds         ? Tone::good
                                   : Tone::warning,
                   text(choice_text(comparison, each)));
  }
  if (!comparison.same_rows()) {
    out += callout(
        Tone::bad,
        Html{"<b>"} + text("These runs do not test the same rows.") + Html{"</b> "} +
            text("Letters say which do. Numbers of runs of different letters cannot be held against each other: one "
                 "stretch of time is easier than another. Evaluate on the same table, with the same data.from, data.to "
                 "and splits, to compare them."));
  }
  return out;
}

Html verdicts(const RunComparison& comparison) {
  HtmlTable out{{"run", "verdict", "best", "PBO", "rows", "tested"}, {}, {false, false, false, true, false, false}};
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    const ComparedRun& run = comparison.runs[r];
    const Json& tested = run.results["tested"];
    const auto day = [&](const char* key) {
      return tested.contains(key) && tested[key].is_string() ? tested[key].get<std::string>().substr(0, 10) : "–";
    };
    const double rows = json_number(tested.value("rows", Json())).value_or(kNone);
    out.rows.push_back({text(comparison.label(r)) + Html{"<br><small>"} + code(run.id) + Html{"</small>"},
                        text(run.results["verdict"].get<std::string>()),
                        run.best() != nullptr ? text(run.results["best"].get<std::string>()) : text("–"),
                        text(share_text(pbo_of(run))), text(run.rows),
                        text(fmt::format("{} rows, {} to {}", figure_text(rows), day("from"), day("to")))});
  }
  return section("runs", "What each run says", table(out));
}

Html differences(const RunComparison& comparison) {
  if (comparison.differences.empty()) {
    return section("differences", "What they differ in",
                   paragraph(text("Nothing: the runs were asked for the same, of the same data and code.")));
  }
  HtmlTable out{{"", "key"}, {}, {}};
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) out.titles.push_back(comparison.label(r));
  std::string part;
  for (const RunDifference& each : comparison.differences) {
    std::vector<Html> row{each.part == part ? Html{} : muted(each.part), text(each.key)};
    part = each.part;
    for (const std::string& value : each.values)
      row.push_back(value.empty() ? text("–") : Html{"<code>"} + text(value) + Html{"</code>"});
    out.rows.push_back(std::move(row));
  }
  return section("differences", "What they differ in", Html{"<div class=\"wide\">"} + table(out) + Html{"</div>\n"});
}

// Nothing where the run has no returns, or they are not as they should be.
std::vector<ChartPoint> equity_of(const ComparedRun& run, const char* which) {
  std::vector<ChartPoint> out;
  const auto equity = run.results.find("equity");
  if (equity == run.results.end() || !equity->is_object() || !equity->contains("time") || !equity->contains(which))
    return out;
  const Json &time = (*equity)["time"], &value = (*equity)[which];
  for (std::size_t i = 0; i < std::min(time.size(), value.size()); ++i)
    out.push_back({json_number(time[i]).value_or(kNone), json_number(value[i]).value_or(kNone)});
  return out;
}

// By Sharpe ratio, as configurations are.
std::vector<std::size_t> runs_from_best(const RunComparison& comparison) {
  std::vector<std::size_t> out;
  for (const ComparedConfiguration& each : comparison.configurations) {
    if (!each.baseline && std::ranges::find(out, each.run) == out.end()) out.push_back(each.run);
  }
  return out;
}

Html equity(const RunComparison& comparison) {
  Chart chart{.title = "equity of each run's best", .x = {}, .y = {}, .level = {1}, .height = 340};
  std::size_t named = 0;
  for (const std::size_t r : runs_from_best(comparison)) {
    const ComparedRun& run = comparison.runs[r];
    std::vector<ChartPoint> points = equity_of(run, "best");
    if (points.empty() || run.best() == nullptr) continue;
    std::string label = comparison.label(r) + ": " + run.results["best"].get<std::string>();
    if (!comparison.same_rows()) label += " (rows " + run.rows + ")";
    if (named == kInks.size()) label = "the best of further runs";
    chart.lines.push_back({.label = named > kInks.size() ? "" : label,
                           .ink = named < kInks.size() ? kInks[named] : ChartInk::pale,
                           .points = std::move(points),
                           .of_second = named > 0});
    ++named;
  }
  if (chart.lines.empty()) return {};
  const ComparedRun& first = comparison.runs.front();
  if (comparison.same_rows() && first.traded()) {
    chart.lines.push_back({.label = "buy and hold",
                           .ink = ChartInk::grey,
                           .points = equity_of(first, "buy_and_hold"),
                           .of_second = true});
  }
  ChartExtent across, up;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      across.take(point.x);
      up.take(point.y);
    }
  }
  up.take(1);
  chart.x = time_axis(across.low, across.high);
  const bool by_factors = up.low > 0 && up.high > 8 * up.low;
  chart.y = by_factors ? factor_axis("equity, start = 1", up.low, up.high)
                       : number_axis("equity, start = 1", up.low, up.high);
  return section(
      "equity", "What the best of each would have earned",
      chart_figure(chart, fmt::format("What 1 would have become on the median path of each run’s best, net of costs.{} "
                                      "The three best have a colour of their own.",
                                      by_factors ? " Equal steps upward are equal factors." : "")));
}

Html configurations(const RunComparison& comparison) {
  const bool traded = std::ranges::any_of(comparison.runs, &ComparedRun::traded);
  HtmlTable out{{"configuration", "run", "rows"}, {}, {false, false, false}};
  if (traded) {
    for (const char* title : {"Sharpe", "total", "drawdown", "DSR", "PBO"}) out.titles.emplace_back(title);
  }
  for (const char* title : {"accuracy", "log-loss", "macro F1"}) out.titles.emplace_back(title);
  out.numeric.resize(out.titles.size(), true);
  for (const ComparedConfiguration& each : comparison.configurations) {
    if (out.rows.size() == kMostRows) break;
    const ComparedRun& run = comparison.runs[each.run];
    const bool best = run.best() != nullptr && !each.baseline && run.results["best"] == each.name;
    Html name = best ? Html{"<b>"} + text(each.name) + Html{"</b>"} : text(each.name);
    if (each.baseline) name += muted(" baseline");
    std::vector<Html> row{name, text(comparison.label(each.run)), text(run.rows)};
    if (traded) {
      const double pbo = each.baseline ? kNone : pbo_of(run);
      row.insert(row.end(), {text(fixed_text(each.annual_sharpe, 2)), text(share_text(each.total)),
                             text(share_text(each.drawdown)), text(chance_text(each.dsr)), text(share_text(pbo))});
    }
    row.insert(row.end(), {text(share_text(each.accuracy)), text(fixed_text(each.log_loss, 4)),
                           text(fixed_text(each.macro_f1, 3))});
    out.rows.push_back(std::move(row));
  }
  std::string words =
      fmt::format("{} of {}, by {}; bold is the best of its run.",
                  count_text(comparison.configurations.size(), "configuration", "configurations"),
                  count_text(comparison.runs.size(), "run", "runs"), traded ? "Sharpe ratio" : "log-loss");
  if (out.rows.size() < comparison.configurations.size())
    words += fmt::format(" The first {} are shown; --json has all of them.", kMostRows);
  const std::string note =
      "DSR: among the trials of its own run alone; that of the best among all runs is said above. PBO: of its run.";
  return section("configurations", "All that was tried",
                 paragraph(text(words)) + Html{"<div class=\"wide\">"} + table(out) + Html{"</div>\n"} +
                     (traded ? paragraph(muted(note)) : Html{}));
}

}  // namespace

std::string choice_text(const RunComparison& comparison, const ChoiceAmongRuns& choice) {
  const ComparedConfiguration& best = comparison.configurations[choice.configuration];
  const std::string of = comparison.same_rows() ? "all" : "rows " + choice.rows;
  std::string out = fmt::format("Best of {}: {} of run {}", of, best.name, comparison.label(best.run));
  if (!choice.dsr) {
    return out + fmt::format(
                     ", with a log-loss of {}. To take the best of several runs is a choice, too: {} were tried "
                     "in all, and the best of many looks better than it is.",
                     fixed_text(best.log_loss, 4),
                     count_text(static_cast<std::size_t>(comparison.trials), "configuration", "configurations"));
  }
  return out + fmt::format(
                   ", with an annual Sharpe ratio of {} and a total of {}. To take the best of several runs is a "
                   "choice, too: among all {} the best has a ratio of {} by luck, and the chance that this one "
                   "is above it (DSR) is {}; among those of its own run it is {}, with a PBO of {}.",
                   fixed_text(best.annual_sharpe, 2), share_text(best.total),
                   count_text(static_cast<std::size_t>(comparison.trials), "trial", "trials"),
                   fixed_text(choice.annual_luck, 2), chance_text(*choice.dsr), chance_text(best.dsr),
                   share_text(pbo_of(comparison.runs[best.run])));
}

std::string comparison_page(const RunComparison& comparison) {
  Html body = choices(comparison) + verdicts(comparison) + differences(comparison) + equity(comparison) +
              configurations(comparison);
  body += Html{"<style>@media print { .wide th, .wide td { font-size: 7.5pt; padding-right: 7px; } }</style>\n"};
  return page({.title = fmt::format("{} evaluations side by side", comparison.runs.size()),
               .kicker = "Comparison of runs",
               .subtitle = fmt::format("{} trials in all", figure_text(comparison.trials)),
               .footer = "moola models compare",
               .body = std::move(body)});
}

}  // namespace moola::work
