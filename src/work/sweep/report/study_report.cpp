#include "work/sweep/report/study_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/version.h"
#include "work/pages/report_numbers.h"
#include "work/sweep/study/best_trial.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

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
  for (const auto& [state, count] : facts.counts().named()) {
    if (count > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", figure_text(static_cast<double>(count)), state);
  }
  return out;
}

Html verdict(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  if (study.trials.empty()) return callout(Tone::warning, text("No trial has begun yet."));
  const auto said = [&](Tone tone, const std::string& what, const std::string& more = "") {
    return callout(tone, Html{"<b>"} + text(what) + Html{"</b> "} +
                             text(fmt::format("{}: {}.{}", count_text(study.trials.size(), "trial", "trials"),
                                              states_words(facts), more)));
  };
  if (facts.best_first.empty()) {
    const StudyCounts counts = facts.counts();
    if (counts.finished() < study.trials.size()) return said(Tone::warning, "There is no result yet.");
    return said(Tone::bad, counts.complete > 0 ? "No trial that counts is complete." : "No trial is complete.");
  }
  if (!facts.is_single())
    return said(Tone::plain, count_text(facts.best_first.size(), "trial is", "trials are") + " on the front.");
  const BestTrial best = *best_trial(study);
  return said(Tone::plain,
              fmt::format("Trial {} is the best: {} = {:.6g}.", best.number, facts.objectives.front(), best.value),
              fmt::format(" {} ended after it without a better value.",
                          count_text(best.complete_since, "complete trial", "complete trials")));
}

Html numbers(const StudyFacts& facts) {
  const StudyCounts counts = facts.counts();
  const auto count = [](std::uint64_t number) { return figure_text(static_cast<double>(number)); };
  std::vector<Card> out{{.value = count(counts.complete), .label = "complete", .note = "came to their end"}};
  if (counts.pruned > 0)
    out.push_back({.value = count(counts.pruned), .label = "pruned", .note = "given up on their way"});
  if (counts.failed > 0)
    out.push_back({.value = count(counts.failed), .label = "failed", .note = "see why below", .tone = Tone::warning});
  if (facts.infeasible > 0)
    out.push_back({.value = count(facts.infeasible), .label = "not feasible", .note = "break a constraint"});
  if (const std::uint64_t open = counts.running + counts.waiting; open > 0)
    out.push_back({.value = count(open), .label = "open", .note = "running or waiting"});
  out.push_back({.value = count(facts.parameters.size()), .label = "parameters", .note = "searched"});
  if (facts.seconds > 0)
    out.push_back({.value = fixed_text(facts.seconds / 3600, facts.seconds < 36'000 ? 2 : 0),
                   .label = "hours of trials",
                   .note = "all together"});
  return cards(out);
}

// Parameters of the best trial beside what was searched; of a front each parameter's range in it.
Html searched(const StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  const bool single = facts.is_single() && !facts.best_first.empty();
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
  return section("best", !facts.is_single() ? "The front" : "The best trials", out);
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
  // Drawings side by side are smaller than a page's others; paths and users' messages have no place to break.
  out.body = Html{"<style>figure .slice svg { min-width: 0; } p, li { overflow-wrap: anywhere; }</style>\n"} +
             verdict(facts) + numbers(facts) + honesty_section(facts) + searched(facts) + history_section(facts) +
             importance_section(facts) + parallel_section(facts) + slices_section(facts) + contours_section(facts) +
             intermediate_section(facts) + best_trials(facts) + timeline_section(facts) + cost_section(facts) +
             failures_section(facts);
  return page(out);
}

void write_study_report(const StudyFacts& facts, const std::filesystem::path& folder) {
  write_file(folder / "report.json", json_text(facts_json(facts), 2) + "\n");
  write_file(folder / "report.html", study_page(facts));
}

}  // namespace moola::work
