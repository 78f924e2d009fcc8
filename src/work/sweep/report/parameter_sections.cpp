#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/keyed_random.h"
#include "sweep/space/unit_interval.h"
#include "work/pages/report_numbers.h"
#include "work/pages/svg.h"
#include "work/sweep/report/landscape.h"
#include "work/sweep/report/study_report.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr std::size_t kMostSlices = 16, kMostAxes = 10, kImportant = 3;

const sweep::Distribution& latest(const StudyFacts& facts, const ParameterFacts& parameter) {
  return facts.study().parameters[parameter.indices.back()].distribution;
}

// Drawings side by side, as many as there is room for.
Html side_by_side(const std::vector<Html>& drawings, std::string_view caption) {
  Html out{"<figure class=\"many\"><div class=\"side-by-side\">"};
  for (const Html& each : drawings) out += Html{"<div class=\"plot slice\">"} + each + Html{"</div>"};
  return out + Html{"</div><figcaption>"} + text(caption) + Html{"</figcaption></figure>\n"};
}

// What all names begin with, up to a dot: "xgboost." of xgboost.depth and xgboost.rate.
std::size_t shared_beginning(const std::vector<ParameterFacts>& parameters) {
  std::string_view shared = parameters.front().name;
  for (const ParameterFacts& each : parameters) {
    while (!each.name.starts_with(shared)) shared.remove_suffix(1);
  }
  return shared.rfind('.') + 1;  // npos + 1 is 0
}

// The best tenth, at least one; of several objectives the front.
std::vector<std::uint64_t> top_of(const StudyFacts& facts) {
  std::vector<std::uint64_t> out = facts.best_first;
  if (facts.is_single()) out.resize((out.size() + 9) / 10);
  return out;
}

const char* top_words(const StudyFacts& facts) {
  return facts.is_single() ? "the best tenth" : "the front";
}

// Points on one place of an axis of choices are spread over it.
double spread(const StudyFacts& facts, const ParameterFacts& parameter, std::uint64_t number, double value) {
  if (!are_choices(facts, parameter)) return value;
  return value + 0.5 * (KeyedRandom(0, Stream::sampler, number, 0).uniform_double() - 0.5);
}

Html slice(const StudyFacts& facts, const ParameterFacts& parameter, const ValueAxis& up,
           const std::vector<std::uint64_t>& all, const std::vector<std::uint64_t>& top) {
  const auto points = [&](const std::vector<std::uint64_t>& numbers) {
    std::vector<ChartPoint> out;
    for (const std::uint64_t number : numbers) {
      const sweep::Trial& trial = facts.study().trials[number];
      out.push_back({spread(facts, parameter, number, value_in(trial, parameter)), up.shown(trial.values.front())});
    }
    return out;
  };
  const bool few = all.size() <= kFewDots;
  Chart chart{
      .title = "value by " + parameter.name,
      .x = parameter_axis(facts, parameter, parameter.name),
      .y = up.axis,
      .dots = {{.label = "",
                .ink = ChartInk::first,
                .points = points(all),
                .size = few ? 5 : 3.5,
                .opacity = few ? 0.8 : 0.35},
               {.label = "", .ink = ChartInk::second, .points = points(top), .size = few ? 6 : 4.5, .opacity = 0.8}},
      .height = 240,
      .width = 420};
  return chart_drawing(chart);
}

// Where a trial crosses an axis of the parallel coordinates, in [0, 1]; none where it lacks the parameter.
std::optional<double> crossing(const ParameterFacts& parameter, const ChartAxis& axis, const sweep::Trial& trial) {
  const double at = place_on(axis, value_in(trial, parameter));
  return std::isfinite(at) ? std::optional(std::clamp(at, 0.0, 1.0)) : std::nullopt;
}

std::string cut(const std::string& words, std::size_t most) {
  std::string out;
  std::size_t letters = 0;
  for (const char c : words) {
    letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    if (letters > most) return out + "…";
    out += c;
  }
  return out;
}

// 1 for the best of the values, near 0 for the worst, evenly by rank.
double strength_of(const std::vector<double>& sorted_losses, double loss) {
  const auto below = std::ranges::lower_bound(sorted_losses, loss) - sorted_losses.begin();
  return 1 - static_cast<double>(below) / static_cast<double>(std::max<std::size_t>(1, sorted_losses.size()));
}

std::size_t cells_of(const sweep::Distribution& distribution) {
  constexpr std::uint64_t kMost = 28;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(sweep::count_of(distribution).value_or(kMost), 1, kMost));
}

Html contour(const StudyFacts& facts, const ParameterFacts& across, const ParameterFacts& up) {
  const sweep::Study& study = facts.study();
  const double sign = sweep::loss_sign(study.directions.front());
  const sweep::Distribution &x_range = latest(facts, across), &y_range = latest(facts, up);
  std::vector<LandscapePoint> points;
  std::vector<double> losses;
  for (const std::uint64_t number : facts.complete) {
    const sweep::Trial& trial = study.trials[number];
    const double x = value_in(trial, across), y = value_in(trial, up), loss = sign * trial.values.front();
    if (!sweep::contains(x_range, x) || !sweep::contains(y_range, y)) continue;
    points.push_back({sweep::to_unit(x_range, x), sweep::to_unit(y_range, y), loss});
    losses.push_back(loss);
  }
  if (points.size() < 10) return {};
  const LandscapePoint best = *std::ranges::min_element(points, {}, &LandscapePoint::value);
  // By its place among all, one that went wrong by a factor of a million is no more than the worst.
  std::ranges::sort(losses);
  for (LandscapePoint& point : points) point.value = strength_of(losses, point.value);
  const std::size_t columns = cells_of(x_range), rows = cells_of(y_range);
  constexpr double kReach = 0.2;
  const std::vector<double> values = landscape(points, columns, rows, kReach);
  // Drawn on the scale itself, with the values written where they lie.
  const auto axis = [&](const ParameterFacts& parameter, const sweep::Distribution& range) {
    ChartAxis out = parameter_axis(facts, parameter, parameter.name, 8);
    for (ChartAxis::Tick& tick : out.ticks)
      tick.at = sweep::contains(range, tick.at) ? sweep::to_unit(range, tick.at) : -1;
    if (const auto* real = std::get_if<sweep::FloatDistribution>(&range)) {
      const ChartAxis wide = parameter_axis(facts, parameter, parameter.name, 8);
      for (std::size_t i = 0; i < out.ticks.size(); ++i) {
        if (wide.ticks[i].at >= real->low && wide.ticks[i].at <= real->high)
          out.ticks[i].at = sweep::to_unit(range, wide.ticks[i].at);
      }
    }
    std::erase_if(out.ticks, [](const ChartAxis::Tick& tick) { return tick.at < 0; });
    return ChartAxis{.label = out.label, .low = 0, .high = 1, .ticks = std::move(out.ticks)};
  };
  Chart chart{.title = fmt::format("value by {} and {}", across.name, up.name),
              .x = axis(across, x_range),
              .y = axis(up, y_range),
              .height = 320,
              .width = 420};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double value = values[row * columns + column];
      if (std::isnan(value)) continue;
      const auto share = [](std::size_t i, std::size_t all) {
        return static_cast<double>(i) / static_cast<double>(all);
      };
      chart.shades.cells.push_back(
          {share(column, columns), share(column + 1, columns), share(row, rows), share(row + 1, rows), value});
    }
  }
  std::vector<ChartPoint> dots;
  std::vector<std::uint64_t> order(points.size());
  std::iota(order.begin(), order.end(), 0);
  for (const std::uint64_t i : thinned_out(order, 300)) dots.push_back({points[i].x, points[i].y});
  chart.dots = {{.label = "", .ink = ChartInk::grey, .points = std::move(dots), .size = 2.5, .opacity = 0.6},
                {.label = "", .ink = ChartInk::second, .points = {{best.x, best.y}}, .size = 9, .opacity = 1}};
  return chart_drawing(chart);
}

}  // namespace

bool are_choices(const StudyFacts& facts, const ParameterFacts& parameter) {
  return std::holds_alternative<sweep::CategoricalDistribution>(latest(facts, parameter));
}

ChartAxis parameter_axis(const StudyFacts& facts, const ParameterFacts& parameter, std::string label,
                         std::size_t letters) {
  ChartExtent extent;
  bool log = false;
  std::size_t choices = 0;
  for (const std::uint32_t i : parameter.indices) {
    const sweep::Distribution& range = facts.study().parameters[i].distribution;
    if (const auto* real = std::get_if<sweep::FloatDistribution>(&range)) {
      extent.take(real->low);
      extent.take(real->high);
      log = real->log;
    } else if (const auto* whole = std::get_if<sweep::IntDistribution>(&range)) {
      extent.take(static_cast<double>(whole->low));
      extent.take(static_cast<double>(whole->high));
      log = whole->log;
    } else {
      choices = std::max(choices, std::get<sweep::CategoricalDistribution>(range).choices.size());
    }
  }
  if (choices == 0) {
    if (log && extent.low > 0) return factor_axis(std::move(label), extent.low, extent.high);
    return number_axis(std::move(label), extent.low, extent.high, 5);
  }
  ChartAxis out{.label = std::move(label), .low = -0.5, .high = static_cast<double>(choices) - 0.5};
  const auto& named = std::get<sweep::CategoricalDistribution>(latest(facts, parameter)).choices;
  const std::size_t every = (named.size() + 7) / 8;
  for (std::size_t i = 0; i < named.size(); i += every)
    out.ticks.push_back({static_cast<double>(i), cut(sweep::plain_text(named[i]), letters)});
  return out;
}

Html importance_section(const StudyFacts& facts) {
  constexpr std::size_t kMost = 30;
  const bool too_few = facts.complete.size() < 2 ||
                       std::ranges::all_of(facts.importance, [](const auto& each) { return each.divergence == 0; });
  if (facts.importance.empty()) return {};
  if (too_few) {
    return section("importance", "What matters",
                   paragraph(text("That cannot be told of these trials: good and bad ones have chosen alike.")));
  }
  RowChart chart{.title = "importance of the parameters", .x = number_axis("share, %", 0, 100)};
  for (const sweep::ParameterImportance& each : facts.importance) {
    if (chart.rows.size() == kMost) break;
    std::string label = each.name;
    if (each.trials < facts.counts().complete)
      label += fmt::format(" ({})", count_text(each.trials, "trial", "trials"));
    chart.rows.push_back(
        {.label = label, .pieces = {{.from = 0, .to = 100 * each.share}}, .value = share_text(each.share)});
  }
  std::string caption = fmt::format(
      "How differently {} of the trials have chosen a parameter than all of them, as shares of the sum (PED-ANOVA, as "
      "Optuna computes it). It looks at one parameter at a time. With few trials, or a sampler that has hardly left "
      "one place, it says little; these are {}.",
      facts.is_single() ? "the best tenth" : "the tenth nearest to the common front",
      count_text(facts.complete.size(), "complete trial", "complete trials"));
  if (facts.importance.size() > kMost)
    caption += fmt::format(" The first {} of {} are shown.", kMost, facts.importance.size());
  return section("importance", "What matters", row_chart_figure(chart, {}, caption));
}

Html parallel_section(const StudyFacts& facts) {
  constexpr std::size_t kMostLines = 250, kMostTop = 40;
  constexpr double kWidth = 840, kTop = 34, kBottom = 300, kLeft = 70, kRight = 70, kNoValue = 0.13;
  const std::size_t axes = std::min(kMostAxes, facts.parameters.size());
  if (axes < 2 || facts.complete.size() < 2) return {};
  std::vector<ChartAxis> scales;
  for (std::size_t i = 0; i < axes; ++i) scales.push_back(parameter_axis(facts, facts.parameters[i], "", 9));
  const ValueAxis values = value_axis(facts, 0);
  const auto x = [&](std::size_t axis) {
    return kLeft + static_cast<double>(axis) * (kWidth - kLeft - kRight) / static_cast<double>(axes);
  };
  const auto y = [&](double at) { return kBottom - at * (kBottom - kTop); };
  bool some_without = false;
  const auto line = [&](std::uint64_t number) {
    const sweep::Trial& trial = facts.study().trials[number];
    std::string out;
    for (std::size_t i = 0; i < axes; ++i) {
      const std::optional<double> at = crossing(facts.parameters[i], scales[i], trial);
      some_without = some_without || !at;
      out += fmt::format("{}{:.0f} {:.1f}", i == 0 ? 'M' : 'L', x(i), y(at.value_or(-kNoValue)));
    }
    const double at = place_on(values.axis, values.shown(trial.values.front()));
    return out + fmt::format("L{:.0f} {:.1f}", x(axes), y(std::clamp(at, 0.0, 1.0)));
  };
  std::vector<std::uint64_t> top = top_of(facts);
  if (facts.is_single() && top.size() > kMostTop) top.resize(kMostTop);
  top = thinned_out(top, kMostTop);
  std::string pale, strong, best;
  const std::vector<std::uint64_t> drawn = thinned_out(facts.complete, kMostLines);
  for (const std::uint64_t number : drawn) pale += line(number);
  for (const std::uint64_t number : top) strong += line(number);
  if (facts.is_single()) best = line(facts.best_first.front());
  const auto path = [](const std::string& d, ChartInk ink, double width, double opacity) {
    return fmt::format(
        "<path d=\"{}\" style=\"fill:none;stroke:var({});stroke-width:{};stroke-opacity:{};stroke-linejoin:round\"/>\n",
        d, ink_variable(ink), width, opacity);
  };
  std::string svg = svg_opening("parallel coordinates", kWidth, kBottom + kNoValue * (kBottom - kTop) + 24);
  svg += path(pale, ChartInk::grey, 0.8, 0.22) + path(strong, ChartInk::first, 1.3, 0.65);
  if (!best.empty()) svg += path(best, ChartInk::second, 2.6, 1);
  std::string bars;
  const std::size_t beginning = shared_beginning(facts.parameters);
  const std::string& objective = facts.objectives.front();
  const std::size_t letters = static_cast<std::size_t>((kWidth - kLeft - kRight) / static_cast<double>(axes) / 7.5);
  for (std::size_t i = 0; i <= axes; ++i) {
    bars += fmt::format("M{:.0f} {:.0f}V{:.0f}", x(i), kTop, kBottom);
    const ChartAxis& axis = i < axes ? scales[i] : values.axis;
    const std::string name =
        i < axes ? facts.parameters[i].name.substr(beginning) : objective.substr(objective.rfind('.') + 1);
    svg += svg_text(x(i), 16, "middle", cut(name, std::max<std::size_t>(letters, 6)), " font-weight=\"600\"");
    // Words between axes would hide the lines: the ends alone, or all choices.
    const bool named = i < axes && are_choices(facts, facts.parameters[i]);
    for (std::size_t t = 0; t < axis.ticks.size(); ++t) {
      if (!named && t != 0 && t + 1 != axis.ticks.size()) continue;
      const double at = place_on(axis, axis.ticks[t].at);
      svg += svg_text(x(i) + 5, y(at) + 4, "start", axis.ticks[t].label,
                      " style=\"paint-order:stroke;stroke:var(--sheet);stroke-width:3px\"");
    }
  }
  if (some_without) svg += svg_text(4, y(-kNoValue) + 4, "start", "not set");
  svg += fmt::format("<path d=\"{}\" style=\"fill:none;stroke:var(--plot-axis)\"/></svg>", bars);
  const bool single = facts.is_single();
  std::string caption = fmt::format("A line for each trial, through what it tried to what came of it{}. ",
                                    single ? "" : " for the first objective");
  if (drawn.size() < facts.complete.size())
    caption += fmt::format("{} of {} are drawn, evenly taken. ", drawn.size(),
                           count_text(facts.complete.size(), "trial", "trials"));
  if (axes < facts.parameters.size())
    caption += fmt::format("The {} most important of {} parameters.", axes, facts.parameters.size());
  std::vector<std::pair<ChartInk, std::string>> legend;
  if (single) legend.emplace_back(ChartInk::second, fmt::format("trial {}, the best", facts.best_first.front()));
  legend.emplace_back(ChartInk::first,
                      fmt::format("{} of {}", count_text(top.size(), "trial", "trials"), top_words(facts)));
  legend.emplace_back(ChartInk::grey, "the others");
  return section("parallel", "What good trials have in common",
                 Html{"<figure>"} + chart_legend(legend) +
                     Html{"<div class=\"scroll plot\">" + svg + "</div><figcaption>"} + text(caption) +
                     Html{"</figcaption></figure>\n"});
}

Html slices_section(const StudyFacts& facts) {
  constexpr std::size_t kMostDots = 500, kMostTop = 150;
  if (facts.complete.empty() || facts.parameters.empty()) return {};
  const ValueAxis up = value_axis(facts, 0);
  std::vector<Html> drawings;
  for (const ParameterFacts& parameter : facts.parameters) {
    if (drawings.size() == kMostSlices) break;
    std::vector<std::uint64_t> all, top;
    const auto has_it = [&](std::uint64_t number) {
      return std::isfinite(value_in(facts.study().trials[number], parameter));
    };
    std::ranges::copy_if(facts.complete, std::back_inserter(all), has_it);
    std::ranges::copy_if(top_of(facts), std::back_inserter(top), has_it);
    if (!all.empty())
      drawings.push_back(slice(facts, parameter, up, thinned_out(all, kMostDots), thinned_out(top, kMostTop)));
  }
  std::string caption = fmt::format("{} against each parameter, most important first; orange is {}.",
                                    facts.objectives.front(), top_words(facts));
  if (facts.complete.size() > kMostDots)
    caption += fmt::format(" Of each at most {} trials are drawn, evenly taken, and {} of the orange ones.", kMostDots,
                           kMostTop);
  if (facts.parameters.size() > kMostSlices)
    caption += fmt::format(" The first {} of {} parameters.", kMostSlices, facts.parameters.size());
  if (up.outside > 0)
    caption += fmt::format(" Values beyond the axis, {} in all, stand at its end.",
                           figure_text(static_cast<double>(up.outside)));
  return section("slices", "Each parameter by itself", side_by_side(drawings, caption));
}

Html contours_section(const StudyFacts& facts) {
  if (!facts.is_single()) return {};
  std::vector<Html> drawings;
  const std::size_t important = std::min(kImportant, facts.parameters.size());
  for (std::size_t i = 0; i < important; ++i) {
    for (std::size_t j = i + 1; j < important; ++j) {
      Html each = contour(facts, facts.parameters[i], facts.parameters[j]);
      if (!each.markup.empty()) drawings.push_back(std::move(each));
    }
  }
  if (drawings.empty()) return {};
  return section(
      "contours", "The most important parameters in pairs",
      side_by_side(drawings,
                   "Strong colour is good: each cell has the mean place, among all values, of the 8 nearest complete "
                   "trials, weighted by the inverse square of their distance. "
                   "All other parameters differ among those trials; nothing is fitted, and where no trial is "
                   "near there is no colour. Dots are trials (at most 300), orange is the best."));
}

}  // namespace moola::work
