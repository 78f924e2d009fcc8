#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "work/pages/report_numbers.h"
#include "work/sweep/report/study_report.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using sweep::TrialState;

constexpr std::size_t kMostDots = 2500;

// Of a trial that was pruned, what it had come to.
double last_value(const sweep::Trial& trial) {
  if (!trial.reports.empty()) return trial.reports.back().value;
  return trial.values.empty() ? std::nan("") : trial.values.front();
}

Html history_chart(const StudyFacts& facts, std::size_t objective) {
  const sweep::Study& study = facts.study();
  const ValueAxis up = value_axis(facts, objective);
  const bool single = facts.is_single();
  Chart chart{.title = "history of " + facts.objectives[objective],
              .x = count_axis("trial", static_cast<double>(study.trials.size() - 1)),
              .y = up.axis,
              .height = 330};
  std::map<TrialState, std::vector<std::uint64_t>> numbers;
  numbers[TrialState::complete] = facts.complete;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const TrialState state = study.trials[number].state;
    const bool drawn = state == TrialState::failed || (state == TrialState::pruned && single);
    if (drawn) numbers[state].push_back(number);
  }
  bool thinned = false;
  for (const auto& [state, all] : numbers) {
    ChartDots dots{.label = state == TrialState::complete ? "complete"
                            : state == TrialState::pruned ? "pruned, at its last report"
                                                          : "failed, at the foot",
                   .ink = ink_of(state)};
    if (all.empty()) continue;
    if (state == TrialState::failed || all.size() <= kFewDots) dots.size = 5, dots.opacity = 0.9;
    thinned = thinned || all.size() > kMostDots;
    for (const std::uint64_t number : thinned_out(all, kMostDots)) {
      const sweep::Trial& trial = study.trials[number];
      const double value = state == TrialState::complete ? trial.values[objective]
                           : state == TrialState::pruned ? last_value(trial)
                                                         : up.axis.low;
      dots.points.push_back({static_cast<double>(number), up.shown(value)});
    }
    chart.dots.push_back(std::move(dots));
  }
  if (single) {
    ChartLine line{.label = "best so far", .ink = ChartInk::third, .steps = true};
    // In the order of numbers, which is the axis: a trial counts from where it stands.
    const double sign = sweep::loss_sign(study.directions.front());
    double best = std::numeric_limits<double>::infinity();
    for (const std::uint64_t number : facts.complete) {
      const double value = study.trials[number].values.front();
      if (!(sign * value < best)) continue;
      best = sign * value;
      line.points.push_back({static_cast<double>(number), up.shown(value)});
    }
    if (!line.points.empty())
      line.points.push_back({static_cast<double>(study.trials.size() - 1), line.points.back().y});
    chart.lines.push_back(std::move(line));
  } else {
    ChartDots front{.label = "the front", .ink = ChartInk::second, .size = 6, .opacity = 0.9};
    for (const std::uint64_t number : thinned_out(facts.best_first, kMostDots))
      front.points.push_back({static_cast<double>(number), up.shown(study.trials[number].values[objective])});
    chart.dots.push_back(std::move(front));
  }
  std::string caption =
      fmt::format("{}, to be {}, by the number of the trial.", facts.objectives[objective],
                  study.directions[objective] == sweep::Direction::maximize ? "maximised" : "minimised");
  if (up.outside > 0)
    caption += fmt::format(" Values beyond the axis, {} of complete trials, stand at its end.",
                           figure_text(static_cast<double>(up.outside)));
  if (thinned)
    caption +=
        fmt::format(" Of each kind at most {} are drawn, evenly taken.", count_text(kMostDots, "trial", "trials"));
  return chart_figure(chart, caption);
}

Html front_chart(const StudyFacts& facts, std::size_t a, std::size_t b) {
  const sweep::Study& study = facts.study();
  const ValueAxis x = value_axis(facts, a), y = value_axis(facts, b);
  const auto points = [&](const std::vector<std::uint64_t>& numbers) {
    std::vector<ChartPoint> out;
    for (const std::uint64_t number : thinned_out(numbers, kMostDots)) {
      const std::vector<double>& values = study.trials[number].values;
      out.push_back({x.shown(values[a]), y.shown(values[b])});
    }
    return out;
  };
  Chart chart{.title = "the front", .x = x.axis, .y = y.axis, .height = 400};
  chart.x.label = facts.objectives[a];
  chart.dots = {
      {.label = "complete", .ink = ChartInk::first, .points = points(facts.complete)},
      {.label = "the front", .ink = ChartInk::second, .points = points(facts.best_first), .size = 6, .opacity = 0.9}};
  return chart_figure(chart, fmt::format("{} against {}. No trial is at least as good as one of the front in all "
                                         "objectives and better in one.",
                                         facts.objectives[b], facts.objectives[a]));
}

}  // namespace

ChartInk ink_of(TrialState state) {
  switch (state) {
    case TrialState::complete:
      return ChartInk::first;
    case TrialState::pruned:
      return ChartInk::second;
    case TrialState::failed:
      return ChartInk::alarm;
    case TrialState::running:
      return ChartInk::third;
    case TrialState::waiting:
      return ChartInk::grey;
  }
  return ChartInk::grey;
}

std::vector<std::uint64_t> thinned_out(const std::vector<std::uint64_t>& numbers, std::size_t most) {
  if (numbers.size() <= most || most < 2) return numbers;
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < most; ++i) out.push_back(numbers[i * (numbers.size() - 1) / (most - 1)]);
  return out;
}

double ValueAxis::shown(double value) const {
  return std::isnan(value) ? value : std::clamp(value, axis.low, axis.high);
}

ValueAxis axis_of_values(std::string label, const std::vector<double>& all, sweep::Direction direction) {
  std::vector<double> values;
  std::ranges::copy_if(all, std::back_inserter(values), [](double value) { return std::isfinite(value); });
  ValueAxis out;
  if (values.empty()) {
    out.axis = number_axis(std::move(label), 0, 1, 6);
    return out;
  }
  std::ranges::sort(values);
  double low = values.front(), high = values.back();
  // A few that are far beyond all others would press these together.
  constexpr double kFar = 2.5, kShare = 0.05;
  const bool maximize = direction == sweep::Direction::maximize;
  const double usual = values[static_cast<std::size_t>(
      std::lround((maximize ? kShare : 1 - kShare) * static_cast<double>(values.size() - 1)))];
  const bool by_factors = low > 0 && (maximize ? high / usual : usual / low) > 100;
  if (by_factors && maximize)
    low = std::max(low, high * std::pow(usual / high, kFar));
  else if (by_factors)
    high = std::min(high, low * std::pow(usual / low, kFar));
  else if (maximize)
    low = std::max(low, high - kFar * (high - usual));
  else
    high = std::min(high, low + kFar * (usual - low));
  out.axis = by_factors ? factor_axis(std::move(label), low, high) : number_axis(std::move(label), low, high, 6);
  out.outside = static_cast<std::size_t>(
      std::ranges::count_if(all, [&](double value) { return value < out.axis.low || value > out.axis.high; }));
  return out;
}

ValueAxis value_axis(const StudyFacts& facts, std::size_t objective) {
  std::vector<double> values;
  for (const std::uint64_t number : facts.complete) values.push_back(facts.study().trials[number].values[objective]);
  return axis_of_values(facts.objectives[objective], values, facts.study().directions[objective]);
}

Html history_section(const StudyFacts& facts) {
  const std::size_t objectives = facts.study().directions.size();
  if (facts.study().trials.empty()) return {};
  Html out;
  if (objectives > 1 && !facts.complete.empty()) {
    constexpr std::size_t kMostPairs = 3;
    std::size_t pairs = 0;
    for (std::size_t a = 0; a < objectives; ++a) {
      for (std::size_t b = a + 1; b < objectives; ++b) {
        if (pairs++ < kMostPairs) out += front_chart(facts, a, b);
      }
    }
    if (pairs > kMostPairs) out += paragraph(muted(fmt::format("The first {} of {} pairs.", kMostPairs, pairs)));
  }
  for (std::size_t i = 0; i < objectives; ++i) out += history_chart(facts, i);
  return section("history", objectives > 1 ? "The front, and how it came about" : "How it went", out);
}

Html intermediate_section(const StudyFacts& facts) {
  constexpr std::size_t kMostCurves = 40, kMostPoints = 120;
  const sweep::Study& study = facts.study();
  if (!facts.is_single()) return {};
  std::map<TrialState, std::vector<std::uint64_t>> numbers;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.reports.size() > 1 || (trial.state == TrialState::pruned && !trial.reports.empty()))
      numbers[trial.state].push_back(number);
  }
  if (numbers.empty()) return {};
  ChartExtent across;
  std::vector<double> values;
  Chart chart{.title = "values reported on the way", .x = {}, .y = {}, .height = 360};
  const auto add = [&](std::uint64_t number, const std::string& label, ChartInk ink, bool of_second) {
    const sweep::Trial& trial = study.trials[number];
    ChartLine line{.label = label, .ink = ink, .of_second = of_second, .opacity = of_second ? 0.5 : 1};
    const std::size_t every = (trial.reports.size() + kMostPoints - 1) / kMostPoints;
    for (std::size_t i = 0; i < trial.reports.size(); ++i) {
      if (i % every != 0 && i + 1 != trial.reports.size()) continue;
      line.points.push_back({static_cast<double>(trial.reports[i].step), trial.reports[i].value});
      across.take(line.points.back().x);
      values.push_back(line.points.back().y);
    }
    chart.lines.push_back(std::move(line));
  };
  if (!facts.best_first.empty() && study.trials[facts.best_first.front()].reports.size() > 1)
    add(facts.best_first.front(), fmt::format("trial {}, the best", facts.best_first.front()), ChartInk::first, false);
  std::size_t all = 0, drawn = 0;
  for (const auto& [state, ink, words] : {std::tuple(TrialState::pruned, ChartInk::second, "pruned"),
                                          {TrialState::failed, ChartInk::alarm, "failed"},
                                          {TrialState::running, ChartInk::third, "running"},
                                          {TrialState::complete, ChartInk::grey, "complete"}}) {
    ChartDots last{.label = "", .ink = ink, .size = 5, .opacity = 0.9};
    bool first = true;
    all += numbers[state].size();
    for (const std::uint64_t number : thinned_out(numbers[state], kMostCurves)) {
      ++drawn;
      add(number, first ? words : "", ink, true);
      first = false;
      const sweep::Report& report = study.trials[number].reports.back();
      if (state != TrialState::complete) last.points.push_back({static_cast<double>(report.step), report.value});
    }
    if (!last.points.empty()) chart.dots.push_back(std::move(last));
  }
  const ValueAxis up = axis_of_values(facts.objectives.front(), values, study.directions.front());
  const bool from_zero = across.low >= 0 && across.low < across.high / 2;
  chart.x = from_zero ? count_axis("step", across.high) : number_axis("step", across.low, across.high, 8);
  chart.y = up.axis;
  for (ChartLine& line : chart.lines) {
    for (ChartPoint& point : line.points) point.y = up.shown(point.y);
  }
  for (ChartDots& dots : chart.dots) {
    for (ChartPoint& point : dots.points) point.y = up.shown(point.y);
  }
  std::string caption = "What trials reported on their way; a dot ends those that did not get to their end.";
  if (up.outside > 0) caption += " Values far beyond the others stand at the end of the axis.";
  if (drawn < all)
    caption +=
        fmt::format(" {} of {} are drawn, evenly taken of each kind.", drawn, count_text(all, "trial", "trials"));
  return section("intermediate", "On the way", chart_figure(chart, caption));
}

}  // namespace moola::work
