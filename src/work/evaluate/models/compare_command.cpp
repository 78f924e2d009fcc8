#include "work/evaluate/models/compare_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/text_table.h"
#include "work/evaluate/models/comparison_page.h"

namespace moola::work {
namespace {

constexpr std::size_t kShown = 30, kShownDifferences = 40;

struct CompareOptions {
  CommonOptions common = {};
  std::vector<std::string> runs = {};
  std::filesystem::path out = {};
};

std::string number(double value, const char* form) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(form), value) : "-";
}

void print_runs(const RunComparison& comparison) {
  TextTable table({{"run"}, {"job"}, {"rows"}, {"PBO", Align::right}, {"verdict"}});
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) {
    const ComparedRun& run = comparison.runs[r];
    table.row({fmt::format("{} {}", r + 1, run.id), run.manifest.job, run.rows,
               number(run.pbo().value_or(NAN), "{:.3f}"), run.results["verdict"].get<std::string>()});
  }
  std::cout << table.text() << "\n";
}

void print_differences(const RunComparison& comparison) {
  if (comparison.differences.empty()) {
    std::cout << "The runs differ in nothing: neither job, data, configuration nor code.\n\n";
    return;
  }
  std::vector<TextTable::Column> columns{{"differs"}, {"key"}};
  for (std::size_t r = 0; r < comparison.runs.size(); ++r) columns.push_back({std::to_string(r + 1)});
  TextTable table(columns);
  std::size_t shown = 0;
  for (const RunDifference& each : comparison.differences) {
    if (shown++ == kShownDifferences) break;
    std::vector<std::string> row{each.part, each.key};
    for (const std::string& value : each.values) row.push_back(value.empty() ? "-" : value);
    table.row(std::move(row));
  }
  std::cout << table.text();
  if (comparison.differences.size() > kShownDifferences) {
    std::cout << fmt::format("and {} more differences, in the page of --out and in --json\n",
                             comparison.differences.size() - kShownDifferences);
  }
  std::cout << "\n";
}

void print_configurations(const RunComparison& comparison) {
  TextTable table({{"configuration"},
                   {"run"},
                   {"rows"},
                   {"accuracy", Align::right},
                   {"log-loss", Align::right},
                   {"Sharpe/y", Align::right},
                   {"total", Align::right},
                   {"drawdown", Align::right},
                   {"DSR", Align::right}});
  std::size_t shown = 0;
  for (const ComparedConfiguration& each : comparison.configurations) {
    if (shown++ == kShown) break;
    table.row({each.name + (each.baseline ? " (baseline)" : ""), std::to_string(each.run + 1),
               comparison.runs[each.run].rows, number(each.accuracy, "{:.4f}"), number(each.log_loss, "{:.4f}"),
               number(each.annual_sharpe, "{:.2f}"), number(100 * each.total, "{:+.1f} %"),
               number(100 * each.drawdown, "{:.1f} %"), number(each.dsr, "{:.3f}")});
  }
  std::cout << table.text();
  if (comparison.configurations.size() > kShown) {
    std::cout << fmt::format("and {} more, in the page of --out and in --json\n",
                             comparison.configurations.size() - kShown);
  }
  std::cout << "\n";
}

void compare(const CompareOptions& options) {
  require_workspace(options.common.workspace);
  const RunComparison comparison = compare_evaluations(options.common.workspace, options.runs);
  if (!options.out.empty()) write_file(options.out, comparison_page(comparison));
  if (options.common.json) {
    Json out = comparison_json(comparison);
    out["page"] = options.out.empty() ? Json(nullptr) : Json(options.out.string());
    std::cout << json_text(out, 2) << "\n";
    return;
  }
  print_runs(comparison);
  print_differences(comparison);
  print_configurations(comparison);
  if (!comparison.same_rows()) {
    std::cout << "These runs do not test the same rows (the letters say which do): numbers of different letters cannot "
                 "be held against each other.\n";
  }
  if (comparison.choices.empty()) std::cout << "None of these runs has a verdict: nothing can be chosen among them.\n";
  for (const ChoiceAmongRuns& each : comparison.choices) std::cout << choice_text(comparison, each) << "\n";
  if (!options.out.empty()) std::cout << fmt::format("  page     {}\n", options.out.string());
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* const command = app.add_subcommand(
      "compare", "runs of cv, walk-forward and cpcv-pbo side by side, and what is left of the best of all");
  add_common_options(*command, options->common);
  command->add_option("RUN", options->runs, "two or more: ids, beginnings of ids, names, or 'latest'")->required();
  command->add_option("--out", options->out, "write a page (HTML) there as well");
  command->footer("Example:\n  moola models compare 20250101T0 latest --out compare.html\n");
  command->callback([options] { compare(*options); });
}

}  // namespace moola::work
