#include <fmt/format.h>

#include <cmath>

#include "work/pages/report_numbers.h"
#include "work/sweep/report/study_report.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

// NaN where there is none.
double number_in(const Json& object, const char* key) {
  return object.contains(key) ? json_number(object[key]).value_or(std::nan("")) : std::nan("");
}

std::string whole_in(const Json& object, const char* key) {
  return figure_text(number_in(object, key));
}

std::string words_in(const Json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

Tone tone_of_dsr(double dsr) {
  return dsr >= 0.95 ? Tone::good : dsr >= 0.5 ? Tone::warning : Tone::bad;
}

Html measures(const Json& honesty) {
  std::vector<Card> out;
  if (!honesty["dsr"].is_null()) {
    const double dsr = number_in(honesty, "dsr"), effective = number_in(honesty, "effective_dsr");
    out.push_back({.value = fixed_text(dsr, 3),
                   .label = "deflated Sharpe ratio (DSR)",
                   .note = fmt::format("against the best of {} trials without skill", whole_in(honesty, "trials")),
                   .tone = tone_of_dsr(dsr)});
    out.push_back(
        {.value = fixed_text(effective, 3),
         .label = "DSR, effective trials",
         .note = fmt::format("against the best of {} independent ones", whole_in(honesty, "effective_trials")),
         .tone = tone_of_dsr(effective)});
  }
  if (const Json& found = honesty["overfitting"]; !found.is_null()) {
    const double pbo = number_in(found, "pbo");
    out.push_back({.value = fixed_text(pbo, 3),
                   .label = "probability of overfitting (PBO)",
                   .note = fmt::format("over {} trials{}", whole_in(found, "trials"),
                                       found["coarse"].get<bool>() ? ": with so few it is coarse" : ""),
                   .tone = pbo >= 0.5  ? Tone::bad
                           : pbo > 0.2 ? Tone::warning
                                       : Tone::good});
  }
  return out.empty() ? Html{} : cards(out);
}

Html why_not(const Json& honesty) {
  const auto line = [](const char* what, const std::string& why) {
    return paragraph(Html{"<b>"} + text(fmt::format("{} not apply", what)) + Html{"</b>: "} + text(why) + Html{"."});
  };
  if (honesty["returns"].is_null()) return line("DSR and PBO do", words_in(honesty, "no_returns"));
  Html out;
  if (honesty["dsr"].is_null()) out += line("DSR does", words_in(honesty, "no_dsr"));
  if (honesty["overfitting"].is_null()) out += line("PBO does", words_in(honesty, "no_overfitting"));
  return out;
}

Html what_of(const StudyFacts& study) {
  const Json& honesty = study.honesty;
  std::vector<std::pair<std::string, Html>> out;
  if (const Json& returns = honesty["returns"]; !returns.is_null()) {
    std::string words = fmt::format("of {} of {} complete trials, {} rows", whole_in(returns, "trials"),
                                    whole_in(honesty, "complete"), whole_in(returns, "rows"));
    if (returns.contains("from")) {
      words += fmt::format(" of {} from {} to {}, {}", words_in(returns, "resolution"),
                           words_in(returns, "from").substr(0, 10), words_in(returns, "to").substr(0, 10),
                           returns["compounding"] == "log" ? "added up" : "compounded");
    }
    out.emplace_back("returns", text(words));
  }
  if (!honesty["dsr"].is_null()) {
    std::string words = fmt::format("{:.4g} a row", number_in(honesty, "sharpe"));
    if (const double annual = number_in(honesty, "annual_sharpe"); !std::isnan(annual))
      words += fmt::format(", {:.3g} a year", annual);
    words += fmt::format(", of trial {}{}", honesty["judged"].get<std::uint64_t>(),
                         study.is_single() ? "" : ", the highest on the front");
    out.emplace_back("Sharpe ratio", text(words));
    out.emplace_back("by luck", text(fmt::format("{:.4g} a row: what the best of {} trials without skill has",
                                                 number_in(honesty, "expected_maximum"), whole_in(honesty, "trials"))));
    out.emplace_back("as if alone", text(fmt::format("{}: how likely its Sharpe ratio is above 0, were it the only "
                                                     "trial (PSR)",
                                                     chance_text(number_in(honesty, "psr")))));
  }
  if (const Json& found = honesty["overfitting"]; !found.is_null()) {
    out.emplace_back("chosen", text(fmt::format("{} (in {} ways to halve {} rows)", words_in(found, "verdict"),
                                                whole_in(found, "combinations"), whole_in(found, "rows"))));
  }
  if (const Json& found = honesty["fold_scores"]; !found.is_null()) {
    out.emplace_back(
        "folds",
        text(fmt::format("mean score {:.6g} of the best, {:.6g} of all {} trials on {} folds; the best of {} "
                         "effective ones that do not differ has {:.6g}, of all of them {:.6g}",
                         number_in(found, "best_mean"), number_in(found, "grand_mean"), whole_in(found, "trials"),
                         whole_in(found, "folds"), whole_in(found, "effective_trials"),
                         number_in(found, "expected_best"), number_in(found, "expected_best_of_all"))));
  }
  if (const Json& part = honesty["outer_test"]; !part.is_null()) {
    const std::string end = words_in(part, "to");
    out.emplace_back("outer test", text(fmt::format("from {}{} no trial has seen", words_in(part, "from"),
                                                    end.empty() ? " on" : " to " + end)));
  }
  return out.empty() ? Html{} : facts(out);
}

// A line through what points have under `key`; where they lack it there is none.
ChartLine line_of(const Json& points, const char* key, std::string label, ChartInk ink, const ValueAxis& up) {
  ChartLine out{.label = std::move(label), .ink = ink, .steps = true};
  for (const Json& each : points) out.points.push_back({number_in(each, "trials"), up.shown(number_in(each, key))});
  return out;
}

bool have(const Json& points, const char* key) {
  for (const Json& each : points) {
    if (!std::isnan(number_in(each, key))) return true;
  }
  return false;
}

ValueAxis axis_over(const Json& points, std::initializer_list<const char*> keys, const std::string& label,
                    sweep::Direction direction) {
  std::vector<double> values;
  for (const Json& each : points) {
    for (const char* key : keys) values.push_back(number_in(each, key));
  }
  return axis_of_values(label, std::move(values), direction);
}

Html history_of_luck(const StudyFacts& facts) {
  const Json& points = facts.honesty["best_so_far"];
  if (points.is_null() || points.empty()) return {};
  const ChartAxis across = count_axis("complete trials", number_in(points.back(), "trials"));
  Html out;
  if (have(points, "corrected")) {
    const ValueAxis up = axis_over(points, {"sharpe", "corrected", "expected_maximum"}, "Sharpe ratio a row",
                                   sweep::Direction::maximize);
    out += chart_figure({.title = "Sharpe ratio of the best so far, and luck",
                         .x = across,
                         .y = up.axis,
                         .lines = {line_of(points, "sharpe", "of the best so far", ChartInk::first, up),
                                   line_of(points, "corrected", "less luck", ChartInk::third, up),
                                   line_of(points, "expected_maximum", "luck", ChartInk::second, up)},
                         .level = {0},
                         .height = 280},
                        "The Sharpe ratio of the trial that was the best one after so many, and what the best of so "
                        "many without skill has on average. Where green does not rise, more trials have found only "
                        "more luck.");
  }
  if (have(points, "corrected_value")) {
    const std::string& name = facts.objectives.front();
    const ValueAxis up = axis_over(points, {"value", "corrected_value"}, name, facts.study().directions.front());
    out += chart_figure({.title = "best so far, and luck",
                         .x = across,
                         .y = up.axis,
                         .lines = {line_of(points, "value", "of the best so far", ChartInk::first, up),
                                   line_of(points, "corrected_value", "less luck", ChartInk::third, up)},
                         .height = 280},
                        fmt::format("{} of the trial that was the best one after so many, and the same less what the "
                                    "noise of its folds gives the best of so many that do not differ.",
                                    name));
  }
  return out;
}

}  // namespace

Html honesty_section(const StudyFacts& facts) {
  const Json& honesty = facts.honesty;
  if (honesty["complete"] == 0) return {};
  Html out = measures(honesty) + why_not(honesty) + what_of(facts) + history_of_luck(facts);
  std::vector<std::string> notes;
  for (const Json& each : honesty["notes"]) notes.push_back(each.get<std::string>());
  if (!notes.empty()) out += bullet_list(notes, 12, "; report.json has all");
  return section("honesty", "How honest is the winner", out);
}

}  // namespace moola::work
