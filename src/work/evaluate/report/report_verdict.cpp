#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "record/report.h"
#include "work/evaluate/report/report_sections.h"
#include "work/pages/report_chart.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

constexpr double kMuchLuck = 0.5;

Html bold(const std::string& words) {
  return Html{"<b>"} + text(words) + Html{"</b>"};
}

const validation::Interval* gain_of(const ConfigurationResult& result) {
  const validation::Interval* const gain = find_interval(result, "log_loss_gain");
  return gain != nullptr && std::isfinite(gain->low) && std::isfinite(gain->high) ? gain : nullptr;
}

Tone tone_of_gain(const ConfigurationResult& best) {
  const validation::Interval* const gain = gain_of(best);
  if (gain == nullptr) return Tone::plain;
  return gain->low > 0 ? Tone::good : gain->high <= 0 ? Tone::bad : Tone::warning;
}

Tone tone_of_verdict(const ReportSource& source) {
  const ConfigurationResult* const best = source.best();
  if (!source.results.contamination.empty()) return Tone::bad;
  if (!source.results.has_verdict || best == nullptr) return Tone::warning;
  if (!source.prices) return tone_of_gain(*best);
  if (!(best->median_path.total > 0)) return Tone::bad;
  return is_believable(source.config, source.results) ? Tone::good : Tone::warning;
}

const ConfigurationResult* best_baseline(const ReportSource& source) {
  const ConfigurationResult* out = nullptr;
  for (const ConfigurationResult& each : source.results.configurations) {
    if (!source.is_baseline(each) || !each.scores || std::isnan(each.scores->log_loss)) continue;
    if (out == nullptr || each.scores->log_loss < out->scores->log_loss) out = &each;
  }
  return out;
}

void money_cards(const ReportSource& source, const ConfigurationResult& best, std::vector<Card>& out) {
  const double sharpe = source.annual_sharpe(best.median_path);
  const auto interval = source.sharpe_interval(best);
  ChartExtent paths;
  for (const validation::PathSummary& path : best.paths) paths.take(source.annual_sharpe(path));
  std::string note = interval ? "90 %: " + between_text(interval->first, interval->second, 2) : "error not measured";
  if (best.paths.size() > 1 && !paths.empty()) note += "; all paths: " + between_text(paths.low, paths.high, 2);
  out.push_back({fixed_text(sharpe, 2),
                 best.paths.size() > 1 ? "annual Sharpe ratio, median path" : "annual Sharpe ratio", note,
                 !interval              ? Tone::plain
                 : interval->first > 0  ? Tone::good
                 : interval->second < 0 ? Tone::bad
                                        : Tone::warning});
  if (const auto& found = source.results.overfitting) {
    out.push_back({share_text(found->pbo), "PBO", "chance that the choice is overfit",
                   found->pbo <= kHoldsPbo  ? Tone::good
                   : found->pbo < kMuchLuck ? Tone::warning
                                            : Tone::bad});
  }
  if (interval) {
    out.push_back({chance_text(best.dsr), "deflated Sharpe ratio",
                   fmt::format("chance that it beats the luck of {} tries", figure_text(source.results.trials)),
                   best.dsr >= kHoldsDsr ? Tone::good
                   : best.dsr >= 0.5     ? Tone::warning
                                         : Tone::bad});
  }
  out.push_back({share_text(best.median_path.total), "total return",
                 source.results.hold ? "buy and hold: " + share_text(source.results.hold->total) : "net of costs",
                 best.median_path.total > 0 ? Tone::plain : Tone::bad});
  out.push_back({share_text(best.median_path.drawdown.depth), "deepest drawdown",
                 source.results.hold ? "buy and hold: " + share_text(source.results.hold->drawdown.depth) : ""});
}

void forecast_cards(const ReportSource& source, const ConfigurationResult& best, std::vector<Card>& out) {
  if (!best.scores) return;
  const ConfigurationResult* const baseline = best_baseline(source);
  if (baseline == nullptr) {
    out.push_back({fixed_text(best.scores->log_loss, 4), "log-loss", "no baseline to compare with"});
    return;
  }
  const validation::Interval* const gain = gain_of(best);
  out.push_back({fixed_text(baseline->scores->log_loss - best.scores->log_loss, 4),
                 "log-loss gain over " + source.name(*baseline),
                 gain != nullptr ? fmt::format("{:.3g} %: {}", 100 * source.config.values.bootstrap.level,
                                               between_text(gain->low, gain->high, 4))
                                 : "no interval",
                 tone_of_gain(best)});
  if (!source.prices) {
    out.push_back({share_text(best.scores->accuracy), "accuracy",
                   source.name(*baseline) + ": " + share_text(baseline->scores->accuracy)});
    out.push_back({fixed_text(best.scores->log_loss, 4), "log-loss",
                   source.name(*baseline) + ": " + fixed_text(baseline->scores->log_loss, 4)});
  }
}

Html best_cards(const ReportSource& source) {
  const ConfigurationResult* const best = source.best();
  if (best == nullptr) return {};
  std::vector<Card> list;
  if (source.prices && !best->paths.empty()) money_cards(source, *best, list);
  forecast_cards(source, *best, list);
  // What is not to be believed is in no colour.
  if (!source.results.has_verdict || !source.results.contamination.empty()) {
    for (Card& each : list) each.tone = Tone::plain;
  }
  std::vector<std::pair<std::string, Html>> rows{{"best", code(source.name(*best))}};
  if (const Json& parameters = source.configuration(*best).parameters; parameters.is_object() && !parameters.empty())
    rows.emplace_back("parameters", text(report::value_text(parameters)));
  return (list.empty() ? Html{} : cards(list)) + Html{"<div style=\"margin-bottom:16px\">"} + facts(rows) +
         Html{"</div>\n"};
}

Html contamination(const ReportSource& source) {
  if (source.results.contamination.empty()) return {};
  return callout(
      Tone::bad,
      bold("What was fitted has seen what is tested. No number on this page says how it would do on new bars.") +
          bullet_list(source.results.contamination, 12, "; results.json has all of them") +
          text(
              "What to do: test later rows than those that were fitted on (data.from), or walk forward with a "
              "training part that covers them (moola walk-forward, splits.train); or prepare the table so that "
              "nothing is fitted on these rows, with barriers that are given. Weights of the table are left aside by "
              "fit.weights = \"uniqueness\". Of a table that was made elsewhere nobody can tell: prepare it again from "
              "its bars."));
}

Html warnings(const ReportSource& source) {
  const std::vector<std::string>& all = source.results.warnings;
  if (all.empty()) return {};
  return callout(Tone::warning, bold(count_text(all.size(), "warning", "warnings")) +
                                    bullet_list(all, 12, "; results.json has all of them"));
}

Html notes(const ReportSource& source) {
  const std::vector<std::string>& all = source.results.notes;
  return all.empty() ? Html{} : callout(Tone::plain, bullet_list(all, 12, "; results.json has all of them"));
}

struct GateWords {
  const char *name, *words;
  bool share;
};
constexpr GateWords kGates[] = {{"sharpe", "annual Sharpe ratio, at least", false},
                                {"win_rate", "share of winning trades, at least", true},
                                {"drawdown", "deepest drawdown, at most", true},
                                {"pbo", "probability of backtest overfitting, at most", true},
                                {"dsr", "deflated Sharpe ratio, at least", false},
                                {"beat_baseline", "log-loss gain over the best baseline: low end above", false}};

Html gates(const ReportSource& source) {
  const std::vector<GateResult>& all = source.results.gates;
  if (all.empty()) return {};
  HtmlTable out{{"gate", "asked for", "found", ""}, {}, {false, true, true, false}};
  std::size_t missed = 0;
  for (const GateResult& gate : all) {
    const auto* const known =
        std::ranges::find_if(kGates, [&](const GateWords& each) { return gate.name == each.name; });
    const bool share = known != std::end(kGates) && known->share;
    const auto shown = [&](double value) { return share ? share_text(value) : figure_text(value); };
    out.rows.push_back({text(known != std::end(kGates) ? known->words : gate.name), text(shown(gate.asked)),
                        text(gate.found ? shown(*gate.found) : "–"), gate.met ? text("met") : bold("not met")});
    missed += gate.met ? 0 : 1;
  }
  const std::string words = missed == 0 ? "All gates are met."
                                        : fmt::format("{} of {} gates {} not met: the command ends with status 3.",
                                                      missed, all.size(), missed == 1 ? "is" : "are");
  return section("gates", "Gates", callout(missed == 0 ? Tone::good : Tone::bad, text(words)) + table(out));
}

}  // namespace

Html verdict_part(const ReportSource& source) {
  Html out = source.results.verdict.empty() ? Html{} : callout(tone_of_verdict(source), text(source.results.verdict));
  return out + contamination(source) + notes(source) + best_cards(source) + warnings(source) + gates(source);
}

}  // namespace moola::work
