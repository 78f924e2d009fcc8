#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

#include "base/duration.h"
#include "base/text_ends.h"
#include "work/pages/report_numbers.h"
#include "work/sweep/report/study_report.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using sweep::TrialState;

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
  return seconds >= 60 ? readable_seconds(seconds) : figure_text(seconds) + " s";
}

// Trials of one worker that ran at the same time stand in rows of their own.
struct Lane {
  std::string worker;
  std::vector<std::uint64_t> trials = {};
};

std::vector<Lane> lanes_of(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  std::map<std::string, std::vector<std::uint64_t>> by_worker;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.started == kNoTime || trial.state == TrialState::waiting) continue;
    by_worker[worker_of(trial)].push_back(number);
  }
  std::vector<Lane> out;
  for (auto& [worker, numbers] : by_worker) {
    std::ranges::stable_sort(numbers, {}, [&](std::uint64_t number) { return study.trials[number].started; });
    // When the worker's lanes are free again, the first of them on top.
    using Free = std::pair<std::int64_t, std::size_t>;
    std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
    for (const std::uint64_t number : numbers) {
      const sweep::Trial& trial = study.trials[number];
      std::size_t lane = out.size();
      if (!free.empty() && free.top().first <= trial.started) {
        lane = free.top().second;
        free.pop();
      } else {
        out.push_back({.worker = worker});
      }
      out[lane].trials.push_back(number);
      free.emplace(is_finished(trial.state) ? trial.completed : INT64_MAX, lane);
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
    const bool has_end = is_finished(trial.state) && trial.completed != kNoTime;
    // A clock may have been set back.
    const double end = std::max(begin, has_end ? static_cast<double>(trial.completed) : high);
    if (inside.empty() || end - from >= least) {
      close();
      from = begin;
      to = end;
    }
    to = std::max(to, end);
    inside[ink_of(trial.state)] += end - begin;
  }
  close();
  return out;
}

}  // namespace

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
    chart.x = time_axis(low, high, 6);
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
  if (lanes.size() > kMostLanes)
    caption += fmt::format(" The first {} of {}.", kMostLanes, count_text(lanes.size(), "row", "rows"));
  std::vector<std::pair<ChartInk, std::string>> legend;
  const StudyCounts counts = facts.counts();
  for (const auto& [state, count, words] : {std::tuple(TrialState::complete, counts.complete, "complete"),
                                            {TrialState::pruned, counts.pruned, "pruned"},
                                            {TrialState::failed, counts.failed, "failed"},
                                            {TrialState::running, counts.running, "running"}}) {
    if (count > 0) legend.emplace_back(ink_of(state), words);
  }
  return section("timeline", "Who worked when", row_chart_figure(chart, legend, caption));
}

Html cost_section(const StudyFacts& facts) {
  constexpr std::size_t kMost = 40;
  if (facts.workers.empty()) return {};
  const double wall = facts.first_start == kNoTime || facts.last_end == kNoTime
                          ? std::nan("")
                          : 1e-9 * static_cast<double>(facts.last_end - facts.first_start);
  const auto finished = static_cast<double>(facts.counts().finished());
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
    table.rows.push_back(
        {text(shortened(each.message, kMostLetters)), text(std::to_string(each.trials.size())),
         text(fmt::format("{}{}", fmt::join(some, ", "), some.size() < each.trials.size() ? ", …" : ""))});
  }
  Html out = record::table(table);
  if (facts.failures.size() > kMost)
    out += paragraph(
        muted(fmt::format("The {} most frequent of {} messages; report.json has all.", kMost, facts.failures.size())));
  return section("failures", "What failed", out);
}

}  // namespace moola::work
