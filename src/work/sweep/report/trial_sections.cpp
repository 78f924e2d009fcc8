#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "work/pages/report_numbers.h"
#include "work/sweep/report/study_report.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using sweep::TrialState;

constexpr std::size_t kMostDots = 2500;

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

// Of a trial that was pruned, what it had come to.
double last_value(const sweep::Trial& trial) {
  if (!trial.reports.empty()) return trial.reports.back().value;
  return trial.values.empty() ? std::nan("") : trial.values.front();
}

// "moola-HOST-PID-…" as a person would say it.
std::string worker_words(const std::string& id) {
  if (id.empty()) return "not named in the trials";
  if (!id.starts_with("moola-")) return id;
  std::string out = id.substr(6);
  // The moment that it began, and its number within the process.
  for (int i = 0; i < 2; ++i) {
    const std::size_t dash = out.rfind('-');
    if (dash != std::string::npos) out.resize(dash);
  }
  const std::size_t dash = out.rfind('-');
  return dash == std::string::npos ? id : fmt::format("{}, process {}", out.substr(0, dash), out.substr(dash + 1));
}

std::string span_text(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  if (seconds < 120) return fmt::format("{} s", figure_text(seconds));
  if (seconds < 7200) return fmt::format("{} min", fixed_text(seconds / 60, 1));
  if (seconds < 172'800) return fmt::format("{} h", fixed_text(seconds / 3600, 1));
  return fmt::format("{} days", fixed_text(seconds / 86'400, 1));
}

Html history_chart(const StudyFacts& facts, std::size_t objective) {
  const sweep::Study& study = facts.study();
  const ValueAxis up = value_axis(facts, objective);
  const bool single = study.directions.size() == 1;
  Chart chart{.title = "history of " + facts.objectives[objective],
              .x = number_axis("trial", 0, static_cast<double>(std::max<std::size_t>(1, study.trials.size() - 1)), 8),
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
    const double sign = study.directions.front() == sweep::Direction::maximize ? -1 : 1;
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
    caption += fmt::format(" {} beyond the axis stand at its end.", count_text(up.outside, "value", "values"));
  if (thinned) caption += fmt::format(" Of each kind {} are drawn, evenly taken.", kMostDots);
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

// Trials of one worker that ran at the same time stand in rows of their own.
struct Lane {
  std::string worker;
  std::vector<std::uint64_t> trials = {};
  std::int64_t free_from = INT64_MIN;
};

std::vector<Lane> lanes_of(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  std::map<std::string, std::vector<std::uint64_t>> by_worker;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.started == kNoTime || trial.state == TrialState::waiting) continue;
    const std::optional<Owner> owner = owner_of(trial);
    by_worker[owner ? owner->worker : ""].push_back(number);
  }
  std::vector<Lane> out;
  for (auto& [worker, numbers] : by_worker) {
    std::ranges::stable_sort(numbers, {}, [&](std::uint64_t number) { return study.trials[number].started; });
    const std::size_t first = out.size();
    for (const std::uint64_t number : numbers) {
      const sweep::Trial& trial = study.trials[number];
      std::size_t lane = first;
      while (lane < out.size() && out[lane].free_from > trial.started) ++lane;
      if (lane == out.size()) out.push_back({.worker = worker});
      out[lane].trials.push_back(number);
      out[lane].free_from = is_finished(trial.state) ? trial.completed : INT64_MAX;
    }
  }
  return out;
}

// Pieces too short to be seen become one with what follows, in the colour of what there is most of.
std::vector<RowChart::Piece> pieces_of(const StudyFacts& facts, const Lane& lane, double low, double high) {
  constexpr double kParts = 320;
  const double least = (high - low) / kParts;
  std::vector<RowChart::Piece> out;
  std::map<ChartInk, double> inside;
  double from = 0, to = 0;
  const auto close = [&] {
    if (inside.empty()) return;
    const auto most = std::ranges::max_element(inside, {}, [](const auto& each) { return each.second; });
    out.push_back({from, to, most->first});
    inside.clear();
  };
  for (const std::uint64_t number : lane.trials) {
    const sweep::Trial& trial = facts.study().trials[number];
    const auto begin = static_cast<double>(trial.started);
    const double end =
        is_finished(trial.state) && trial.completed != kNoTime ? static_cast<double>(trial.completed) : high;
    const bool joins = !inside.empty() && end - from < least;
    if (!joins) {
      close();
      from = begin;
    }
    to = std::max(to, end);
    if (!joins) to = end;
    inside[ink_of(trial.state)] += end - begin;
  }
  close();
  return out;
}

}  // namespace

std::vector<std::uint64_t> thinned_out(const std::vector<std::uint64_t>& numbers, std::size_t most) {
  if (numbers.size() <= most || most < 2) return numbers;
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < most; ++i) out.push_back(numbers[i * (numbers.size() - 1) / (most - 1)]);
  return out;
}

double ValueAxis::shown(double value) const {
  return std::isnan(value) ? value : std::clamp(value, axis.low, axis.high);
}

ValueAxis value_axis(const StudyFacts& facts, std::size_t objective) {
  const bool maximize = facts.study().directions[objective] == sweep::Direction::maximize;
  std::vector<double> values;
  for (const std::uint64_t number : facts.complete) {
    const double value = facts.study().trials[number].values[objective];
    if (std::isfinite(value)) values.push_back(value);
  }
  const std::string& label = facts.objectives[objective];
  ValueAxis out;
  if (values.empty()) {
    out.axis = number_axis(label, 0, 1, 6);
    return out;
  }
  std::ranges::sort(values);
  double low = values.front(), high = values.back();
  if (low > 0 && high / low > 300) {
    out.axis = factor_axis(label, low, high);
  } else {
    // A few that are far beyond all others would press these together.
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    constexpr double kFar = 2.5;
    if (maximize)
      low = std::max(low, high - kFar * (high - at(0.05)));
    else
      high = std::min(high, low + kFar * (at(0.95) - low));
    out.axis = number_axis(label, low, high, 6);
  }
  for (const std::uint64_t number : facts.complete) {
    const double value = facts.study().trials[number].values[objective];
    out.outside += value < out.axis.low || value > out.axis.high ? 1 : 0;
  }
  return out;
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
  constexpr std::size_t kMostCurves = 60, kMostPoints = 120;
  const sweep::Study& study = facts.study();
  if (study.directions.size() != 1) return {};
  std::map<TrialState, std::vector<std::uint64_t>> numbers;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.reports.size() > 1 || (trial.state == TrialState::pruned && !trial.reports.empty()))
      numbers[trial.state].push_back(number);
  }
  if (numbers.empty()) return {};
  const ValueAxis ends = value_axis(facts, 0);
  ChartExtent across, up;
  Chart chart{.title = "values reported on the way", .x = {}, .y = {}, .height = 360};
  const auto add = [&](std::uint64_t number, const std::string& label, ChartInk ink, bool of_second) {
    const sweep::Trial& trial = study.trials[number];
    ChartLine line{.label = label, .ink = ink, .of_second = of_second};
    const std::size_t every = (trial.reports.size() + kMostPoints - 1) / kMostPoints;
    for (std::size_t i = 0; i < trial.reports.size(); ++i) {
      if (i % every != 0 && i + 1 != trial.reports.size()) continue;
      line.points.push_back({static_cast<double>(trial.reports[i].step), trial.reports[i].value});
      across.take(line.points.back().x);
      up.take(line.points.back().y);
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
  if (across.empty() || up.empty()) return {};
  // As wide as the trials' values, and no more than thrice beyond them.
  if (!ends.axis.logarithmic && !facts.complete.empty()) {
    const double span = ends.axis.high - ends.axis.low;
    up.low = std::max(up.low, ends.axis.low - 2 * span);
    up.high = std::min(up.high, ends.axis.high + 2 * span);
  }
  chart.x = number_axis("step", across.low, across.high, 8);
  chart.y = up.low > 0 && up.high / up.low > 300 ? factor_axis(facts.objectives.front(), up.low, up.high)
                                                 : number_axis(facts.objectives.front(), up.low, up.high, 6);
  for (ChartLine& line : chart.lines) {
    for (ChartPoint& point : line.points)
      point.y = std::isnan(point.y) ? point.y : std::clamp(point.y, chart.y.low, chart.y.high);
  }
  for (ChartDots& dots : chart.dots) {
    for (ChartPoint& point : dots.points)
      point.y = std::isnan(point.y) ? point.y : std::clamp(point.y, chart.y.low, chart.y.high);
  }
  std::string caption = "What trials reported on their way; a dot ends those that did not get to their end.";
  if (drawn < all) caption += fmt::format(" {} of {} are drawn, evenly taken of each kind.", drawn, all);
  return section("intermediate", "On the way", chart_figure(chart, caption));
}

Html timeline_section(const StudyFacts& facts) {
  constexpr std::size_t kMostLanes = 40;
  const std::vector<Lane> lanes = lanes_of(facts);
  if (lanes.empty()) return {};
  double low = static_cast<double>(facts.first_start), high = low;
  for (const sweep::Trial& trial : facts.study().trials) {
    if (trial.started != kNoTime) high = std::max(high, static_cast<double>(trial.started));
    if (is_finished(trial.state) && trial.completed != kNoTime)
      high = std::max(high, static_cast<double>(trial.completed));
  }
  // Studies of seconds have no place among minutes of the clock.
  constexpr double kSecond = 1e9;
  const bool is_short = high - low < 180 * kSecond;
  RowChart chart{.title = "who ran what when", .x = {}, .row_height = lanes.size() > 16 ? 15.0 : 20.0};
  if (is_short)
    chart.x = number_axis("seconds since " + date_text(facts.first_start, true) + " UTC", 0,
                          std::max(1e-3, (high - low) / kSecond));
  else
    chart.x = time_axis(low, high);
  for (const Lane& lane : lanes) {
    if (chart.rows.size() == kMostLanes) break;
    std::vector<RowChart::Piece> pieces = pieces_of(facts, lane, low, high);
    for (RowChart::Piece& piece : pieces) {
      if (!is_short) continue;
      piece.from = (piece.from - low) / kSecond;
      piece.to = (piece.to - low) / kSecond;
    }
    const bool again = !chart.rows.empty() && &lane != &lanes.front() && (&lane - 1)->worker == lane.worker;
    chart.rows.push_back({.label = again ? "" : worker_words(lane.worker),
                          .pieces = std::move(pieces),
                          .value = count_text(lane.trials.size(), "trial", "trials")});
  }
  std::string caption =
      "A row for each place at which a worker ran trials; a trial that was begun again elsewhere stands with who ran "
      "it last, from its first begin. Trials too short to be seen are drawn together.";
  if (lanes.size() > kMostLanes) caption += fmt::format(" The first {} of {} rows.", kMostLanes, lanes.size());
  std::vector<std::pair<ChartInk, std::string>> legend;
  for (const auto& [state, words] : {std::pair(TrialState::complete, "complete"),
                                     {TrialState::pruned, "pruned"},
                                     {TrialState::failed, "failed"},
                                     {TrialState::running, "running"}}) {
    if (facts.count(state) > 0) legend.emplace_back(ink_of(state), words);
  }
  return section("timeline", "Who worked when", row_chart_figure(chart, legend, caption));
}

Html cost_section(const StudyFacts& facts) {
  constexpr std::size_t kMost = 40;
  if (facts.workers.empty()) return {};
  const std::uint64_t pruned = facts.count(TrialState::pruned), failed = facts.count(TrialState::failed);
  const double wall = facts.first_start == kNoTime || facts.last_end == kNoTime
                          ? std::nan("")
                          : 1e-9 * static_cast<double>(facts.last_end - facts.first_start);
  const auto finished = static_cast<double>(facts.count(TrialState::complete) + pruned + failed);
  Html out = record::facts({{"in all", text(span_text(facts.seconds) + " of trials")},
                            {"from first to last", text(span_text(wall))},
                            {"each", text(span_text(facts.seconds / finished) + " on average")},
                            {"failed", text(span_text(facts.failed_seconds) + " for nothing")},
                            {"retried", text(count_text(facts.retried, "trial", "trials"))}});
  HtmlTable table{
      {"worker", "trials", "complete", "pruned", "failed", "time"}, {}, {false, true, true, true, true, true}};
  for (const WorkerFacts& each : facts.workers) {
    if (table.rows.size() == kMost) break;
    table.rows.push_back({text(worker_words(each.name)), text(std::to_string(each.trials)),
                          text(std::to_string(each.complete)), text(std::to_string(each.pruned)),
                          text(std::to_string(each.failed)), text(span_text(each.seconds))});
  }
  out += record::table(table);
  std::string note =
      "Time is what trials took, all attempts together; a worker can run several at once. The journal does not say who "
      "had a GPU.";
  if (facts.workers.size() > kMost) note += fmt::format(" The first {} of {} workers.", kMost, facts.workers.size());
  return section("cost", "What it cost", out + paragraph(muted(note)));
}

Html failures_section(const StudyFacts& facts) {
  constexpr std::size_t kMost = 20, kMostNumbers = 8, kMostLetters = 600;
  if (facts.failures.empty()) return {};
  HtmlTable table{{"why", "trials", "which"}, {}, {false, true, false}};
  for (const FailureFacts& each : facts.failures) {
    if (table.rows.size() == kMost) break;
    std::vector<std::uint64_t> some = each.trials;
    some.resize(std::min(some.size(), kMostNumbers));
    std::string message = each.message;
    if (message.size() > kMostLetters) {
      std::size_t end = kMostLetters;
      while ((static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
      message.resize(end);
      message += "…";
    }
    table.rows.push_back(
        {text(message), text(std::to_string(each.trials.size())),
         text(fmt::format("{}{}", fmt::join(some, ", "), some.size() < each.trials.size() ? ", …" : ""))});
  }
  Html out = record::table(table);
  if (facts.failures.size() > kMost)
    out += paragraph(
        muted(fmt::format("The {} most frequent of {} messages; report.json has all.", kMost, facts.failures.size())));
  return section("failures", "What failed", out);
}

}  // namespace moola::work
