#include "work/sweep/report/study_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/version.h"
#include "work/pages/report_numbers.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts
using sweep::TrialState;

std::string value_words(const sweep::ParameterValue& value) {
  const double* number = std::get_if<double>(&value);
  return number != nullptr ? fmt::format("{:.6g}", *number) : sweep::plain_text(value);
}

std::string range_words(const sweep::Distribution& range) {
  if (const auto* real = std::get_if<sweep::FloatDistribution>(&range)) {
    return fmt::format("{:.6g} to {:.6g}{}{}", real->low, real->high, real->log ? ", log" : "",
                       real->step > 0 ? fmt::format(", step {:.6g}", real->step) : "");
  }
  if (const auto* whole = std::get_if<sweep::IntDistribution>(&range)) {
    return fmt::format("{} to {}{}{}, whole", whole->low, whole->high, whole->log ? ", log" : "",
                       whole->step > 1 ? fmt::format(", step {}", whole->step) : "");
  }
  constexpr std::size_t kMost = 12;
  const auto& choices = std::get<sweep::CategoricalDistribution>(range).choices;
  std::string out;
  for (std::size_t i = 0; i < std::min(kMost, choices.size()); ++i)
    out += (i == 0 ? "" : ", ") + sweep::plain_text(choices[i]);
  return choices.size() > kMost ? out + fmt::format(" and {} more", choices.size() - kMost) : out;
}

std::string states_words(const StudyFacts& facts) {
  std::string out;
  for (const auto& [state, words] : {std::pair(TrialState::complete, "complete"),
                                     {TrialState::pruned, "pruned"},
                                     {TrialState::failed, "failed"},
                                     {TrialState::running, "running"},
                                     {TrialState::waiting, "waiting"}}) {
    if (const std::uint64_t count = facts.count(state); count > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", figure_text(static_cast<double>(count)), words);
  }
  return out.empty() ? "none" : out;
}

Html verdict(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  const std::string trials =
      fmt::format("{}: {}.", count_text(study.trials.size(), "trial", "trials"), states_words(facts));
  if (study.trials.empty()) return callout(Tone::warning, text("No trial has begun yet."));
  if (facts.best_first.empty())
    return callout(Tone::bad, Html{"<b>"} + text("There is no result.") + Html{"</b> "} + text(trials));
  if (study.directions.size() > 1) {
    return callout(Tone::plain, Html{"<b>"} + text(count_text(facts.best_first.size(), "trial is", "trials are")) +
                                    text(" on the front.") + Html{"</b> "} + text(trials));
  }
  const std::uint64_t best = facts.best_first.front();
  const std::uint64_t after =
      facts.complete.size() - 1 -
      static_cast<std::uint64_t>(std::ranges::count_if(facts.complete, [&](std::uint64_t number) {
        return study.trials[number].completed < study.trials[best].completed && number != best;
      }));
  return callout(Tone::plain, Html{"<b>"} +
                                  text(fmt::format("Trial {} is the best: {} = {:.6g}.", best, facts.objectives.front(),
                                                   study.trials[best].values.front())) +
                                  Html{"</b> "} +
                                  text(fmt::format("{} {} ended after it without a better value.", trials,
                                                   count_text(after, "complete trial", "complete trials"))));
}

Html numbers(const StudyFacts& facts) {
  const auto count = [&](TrialState state) { return figure_text(static_cast<double>(facts.count(state))); };
  std::vector<Card> out{{.value = count(TrialState::complete), .label = "complete", .note = "trials with a value"}};
  if (facts.count(TrialState::pruned) > 0)
    out.push_back({.value = count(TrialState::pruned), .label = "pruned", .note = "given up on their way"});
  if (facts.count(TrialState::failed) > 0)
    out.push_back(
        {.value = count(TrialState::failed), .label = "failed", .note = "see why below", .tone = Tone::warning});
  if (facts.infeasible > 0)
    out.push_back({.value = figure_text(static_cast<double>(facts.infeasible)),
                   .label = "not feasible",
                   .note = "break a constraint"});
  const std::uint64_t open = facts.count(TrialState::running) + facts.count(TrialState::waiting);
  if (open > 0)
    out.push_back({.value = figure_text(static_cast<double>(open)), .label = "open", .note = "running or waiting"});
  out.push_back(
      {.value = figure_text(static_cast<double>(facts.parameters.size())), .label = "parameters", .note = "searched"});
  if (facts.seconds > 0)
    out.push_back({.value = fixed_text(facts.seconds / 3600, facts.seconds < 36'000 ? 2 : 0),
                   .label = "hours of trials",
                   .note = "all together"});
  return cards(out);
}

// Parameters of the best trial beside what was searched; of a front each parameter's range in it.
Html searched(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  const bool single = study.directions.size() == 1 && !facts.best_first.empty();
  HtmlTable table{{"parameter", "searched", "trials"}, {}, {false, false, true}};
  if (single) {
    table.titles.push_back(fmt::format("in trial {}", facts.best_first.front()));
    table.numeric.push_back(true);
  }
  for (const ParameterFacts& each : facts.parameters) {
    std::vector<std::string> ranges;
    for (const std::uint32_t i : each.indices) ranges.push_back(range_words(study.parameters[i].distribution));
    std::vector<Html> row{text(each.name), text(fmt::format("{}", fmt::join(ranges, "; then "))),
                          text(figure_text(static_cast<double>(each.trials)))};
    if (single) {
      std::string value = "not set";
      for (const auto& [name, chosen] : values_of(study, study.trials[facts.best_first.front()])) {
        if (name == each.name) value = value_words(chosen);
      }
      row.push_back(Html{"<b>"} + text(value) + Html{"</b>"});
    }
    table.rows.push_back(std::move(row));
  }
  return section("searched", "What was searched, and what came out",
                 table.rows.empty() ? paragraph(text("No parameter yet.")) : record::table(table));
}

Html best_trials(const StudyFacts& facts) {
  constexpr std::size_t kMost = 20;
  if (facts.best_first.empty()) return {};
  const sweep::Study& study = facts.study();
  HtmlTable table{{"trial"}, {}, {true}};
  for (const std::string& each : facts.objectives) table.titles.push_back(each);
  table.numeric.resize(table.titles.size(), true);
  table.titles.emplace_back("parameters");
  for (const std::uint64_t number : facts.best_first) {
    if (table.rows.size() == kMost) break;
    std::vector<Html> row{text(std::to_string(number))};
    for (const double value : study.trials[number].values) row.push_back(text(fmt::format("{:.6g}", value)));
    std::string tried;
    for (const auto& [name, value] : values_of(study, study.trials[number]))
      tried += fmt::format("{}{} = {}", tried.empty() ? "" : ", ", name, value_words(value));
    row.push_back(text(tried));
    table.rows.push_back(std::move(row));
  }
  Html out = record::table(table);
  if (facts.best_first.size() > kMost)
    out += paragraph(muted(fmt::format("{} of {}.", kMost, facts.best_first.size())));
  return section("best", study.directions.size() > 1 ? "The front" : "The best trials", out);
}

}  // namespace

std::string study_page(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  std::vector<std::string> aims;
  for (std::size_t i = 0; i < facts.objectives.size(); ++i)
    aims.push_back(fmt::format("{} {}", facts.objectives[i],
                               study.directions[i] == sweep::Direction::maximize ? "maximised" : "minimised"));
  Page out{.title = study.name,
           .kicker = "Study of hyperparameters",
           .subtitle = fmt::format("{}{}", fmt::join(aims, ", "),
                                   facts.first_start == kNoTime
                                       ? std::string()
                                       : fmt::format(" · begun {} UTC", date_text(facts.first_start, true))),
           .footer = fmt::format("moola {} · from {} · the same facts as JSON: moola sweep report --json", version(),
                                 facts.found->journal.string()),
           .body = {}};
  // Drawings side by side are smaller than a page's others.
  out.body = Html{"<style>figure .slice svg { min-width: 0; }</style>\n"} + verdict(facts) + numbers(facts) +
             searched(facts) + history_section(facts) + importance_section(facts) + parallel_section(facts) +
             slices_section(facts) + contours_section(facts) + intermediate_section(facts) + best_trials(facts) +
             timeline_section(facts) + cost_section(facts) + failures_section(facts);
  return page(out);
}

void write_study_report(const FoundStudy& found, const std::filesystem::path& folder) {
  const StudyFacts facts = facts_of(found);
  write_file(folder / "report.json", json_text(facts_json(facts), 2) + "\n");
  write_file(folder / "report.html", study_page(facts));
}

}  // namespace moola::work
