#include "work/evaluate/evaluate_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/command_line.h"
#include "base/error.h"
#include "base/text_table.h"
#include "work/evaluate/evaluate.h"

namespace moola::work {
namespace {

constexpr std::size_t kShown = 30;

std::string number(const Json& value, const char* form) {
  const auto found = json_number(value);
  return found && std::isfinite(*found) ? fmt::format(fmt::runtime(form), *found) : "-";
}

std::string percent(const Json& value, const char* form) {
  return number(Json(100 * json_number(value).value_or(NAN)), form);
}

struct Line {
  std::string name;
  const Json* entry;
  double order;
};

std::vector<Line> lines_of(const Json& models, bool traded) {
  std::vector<Line> out;
  for (const auto& [name, entry] : models.items()) {
    const Json* const of = traded && entry.contains("backtest")  ? &entry["backtest"]["sharpe"]
                           : !traded && entry.contains("scores") ? &entry["scores"]["log_loss"]
                                                                 : nullptr;
    const double value = of == nullptr ? 0 : json_number(*of).value_or(0);
    out.push_back({name, &entry, of == nullptr ? HUGE_VAL : traded ? -value : value});
  }
  std::ranges::stable_sort(out, {}, &Line::order);
  return out;
}

void print_results(const EvaluateOutcome& outcome) {
  const Json& results = outcome.results;
  const bool traded = results.contains("buy_and_hold");
  TextTable table(
      traded ? std::vector<TextTable::Column>{{"model"},
                                              {"accuracy", Align::right},
                                              {"log-loss", Align::right},
                                              {"macro F1", Align::right},
                                              {"Sharpe/y", Align::right},
                                              {"total", Align::right},
                                              {"drawdown", Align::right},
                                              {"trades", Align::right},
                                              {"DSR", Align::right}}
             : std::vector<TextTable::Column>{
                   {"model"}, {"accuracy", Align::right}, {"log-loss", Align::right}, {"macro F1", Align::right}});
  std::size_t left_out = 0;
  for (const char* part : {"models", "baselines"}) {
    std::size_t shown = 0;
    for (const Line& line : lines_of(results.at(part), traded)) {
      if (shown++ >= kShown) {
        ++left_out;
        continue;
      }
      const Json& entry = *line.entry;
      std::vector<std::string> cells{line.name};
      for (const auto& [key, form] : {std::pair("accuracy", "{:.4f}"), {"log_loss", "{:.4f}"}, {"macro_f1", "{:.4f}"}})
        cells.push_back(entry.contains("scores") ? number(entry["scores"][key], form) : "-");
      if (traded && entry.contains("backtest")) {
        const Json& backtest = entry["backtest"];
        cells.push_back(number(backtest["annual_sharpe"], "{:.2f}"));
        cells.push_back(percent(backtest["total"], "{:+.1f} %"));
        cells.push_back(percent(backtest["drawdown"], "{:.1f} %"));
        cells.push_back(number(backtest["trades"], "{:.0f}"));
        cells.push_back(std::string_view(part) == "models" ? number(backtest["dsr"], "{:.3f}") : "");
      }
      table.row(std::move(cells));
    }
  }
  std::cout << table.text();
  if (left_out > 0) std::cout << fmt::format("and {} more, in the report\n", left_out);
  std::cout << "\n";
  if (!results.at("overfitting").is_null()) {
    const Json& found = results["overfitting"];
    std::cout << fmt::format("  PBO      {} over {} configurations{}\n", number(found["pbo"], "{:.3f}"),
                             found["configurations"].get<std::size_t>(),
                             found["coarse"].get<bool>() ? " (coarse: 10 or more make it telling)" : "");
  } else if (traded) {
    std::cout << fmt::format("  PBO      none: {}\n", results.value("no_overfitting", std::string()));
  }
  std::cout << fmt::format("  verdict  {}\n", results.at("verdict").get<std::string>());
  for (const Json& each : results.at("contamination"))
    std::cout << fmt::format("  seen     {}\n", each.get<std::string>());
  for (const Json& each : results.at("notes")) std::cout << fmt::format("  note     {}\n", each.get<std::string>());
  for (const Json& gate : results.at("gates")) {
    std::cout << fmt::format("  gate     {} {}: {} found, {} asked\n", gate["name"].get<std::string>(),
                             gate["met"].get<bool>() ? "met" : "not met", number(gate["found"], "{:.4g}"),
                             number(gate["asked"], "{:.4g}"));
  }
}

}  // namespace

void print_outcome(const CommonOptions& common, const EvaluateOutcome& outcome) {
  const std::string report = (outcome.folder / "report.html").string();
  const bool finished = outcome.status == "finished" || outcome.status == "failed";  // the report is there
  if (common.json) {
    Json out = {{"run", outcome.run},
                {"status", outcome.status},
                {"folds", outcome.folds},
                {"folds_done", outcome.folds_done},
                {"report", finished ? Json(report) : Json(nullptr)}};
    out.update(outcome.results);
    std::cout << json_text(out, 2) << "\n";
    return;
  }
  if (!finished) {
    std::cout << fmt::format("Stopped with {} of {} folds done; the same command goes on.\n  run      {}\n",
                             outcome.folds_done, outcome.folds, outcome.run);
    return;
  }
  print_results(outcome);
  if (outcome.results.contains("oof")) {
    for (const Json& each : outcome.results["oof"])
      std::cout << fmt::format("  oof      {}\n", each.get<std::string>());
  }
  std::cout << fmt::format("  run      {}\n  report   {}\n", outcome.run, report);
  const Json& warnings = outcome.results.at("warnings");
  for (std::size_t i = 0; i < std::min<std::size_t>(12, warnings.size()); ++i)
    std::cout << fmt::format("warning: {}\n", warnings[i].get<std::string>());
  if (warnings.size() > 12) std::cout << fmt::format("and {} more warnings, in the report\n", warnings.size() - 12);
}

int run_evaluate(const EvaluateOptions& options, const comm::Communicator& ranks) {
  const LoadedEvaluateConfig config = options.load();
  const EvaluateOutcome outcome = evaluate({.workspace = options.common.workspace,
                                            .resume = options.resume,
                                            .fresh = options.fresh,
                                            .quiet = options.common.quiet},
                                           config, ranks);
  if (ranks.rank() == 0) print_outcome(options.common, outcome);
  if (!outcome.failure.empty()) {
    if (ranks.rank() == 0) report_error(std::string(job_name(options.strategy)), DataError(outcome.failure));
    return static_cast<int>(ExitCode::permanent);
  }
  if (outcome.interrupted) return static_cast<int>(ExitCode::run_again);
  return static_cast<int>(outcome.gates_met ? ExitCode::done : ExitCode::gate_not_met);
}

}  // namespace moola::work
