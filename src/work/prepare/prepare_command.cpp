#include "work/prepare/prepare_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/log.h"
#include "base/text_table.h"
#include "work/prepare/compare_runs.h"
#include "work/prepare/prepared_tables.h"

namespace moola::work {
namespace {

Json stages_json(const PrepareResult& result) {
  Json stages = Json::array();
  for (const StageResult& stage : result.stages) {
    Json entry = {{"name", stage.name},   {"state", stage.state},     {"seconds", stage.seconds},
                  {"units", stage.units}, {"outputs", stage.outputs}, {"reused_from", stage.reused_from}};
    stages.push_back(std::move(entry));
  }
  return stages;
}

constexpr std::size_t kPrintedWarnings = 12;

void print_warnings(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  std::cout << fmt::format("\n{} warning{}:\n", warnings.size(), warnings.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(kPrintedWarnings, warnings.size()); ++i)
    std::cout << fmt::format("  {}\n", warnings[i]);
  if (warnings.size() > kPrintedWarnings)
    std::cout << fmt::format("  and {} more, in the report\n", warnings.size() - kPrintedWarnings);
}

void print_result(const PrepareOptions& options, const PrepareResult& result) {
  const std::filesystem::path report = result.folder / "report.html";
  const bool has_report = !result.folder.empty() && std::filesystem::exists(report);
  if (options.common.json) {
    std::cout << Json{{"run", result.run},
                      {"status", result.status},
                      {"stages", stages_json(result)},
                      {"datasets", result.datasets},
                      {"warnings", result.warnings},
                      {"report", has_report ? Json(report.string()) : Json(nullptr)}}
                     .dump(2)
              << "\n";
    return;
  }
  TextTable table({{"stage"}, {"state"}, {"time", Align::right}, {"outputs"}});
  for (const StageResult& stage : result.stages) {
    std::string outputs = stage.outputs.empty() ? "" : stage.outputs.front();
    if (stage.outputs.size() > 1) outputs += fmt::format(" and {} more", stage.outputs.size() - 1);
    table.row({stage.name, stage.state, stage.state == "made" ? readable_seconds(stage.seconds) : "", outputs});
  }
  std::cout << table.text();
  if (options.dry_run) {
    std::cout << "\nA dry run: nothing was done.\n";
    return;
  }
  std::cout << "\n";
  for (const std::string& id : result.datasets) std::cout << fmt::format("  table   {}\n", id);
  std::cout << fmt::format("  run     {}\n", result.run);
  if (has_report) std::cout << fmt::format("  report  {}\n", report.string());
  print_warnings(result.warnings);
  if (result.interrupted) {
    std::cout << "\nStopped by a signal; the same command goes on.\n";
  } else if (result.status == "stopped") {
    std::cout << fmt::format("\nDone up to {}; the same command without --to goes on.\n", options.to);
  }
}

void print_comparison(const PrepareOptions& options) {
  const RunComparison found = compare_runs(options.common.workspace, options.compare.at(0), options.compare.at(1));
  if (options.common.json) {
    std::cout << to_json(found).dump(2) << "\n";
    return;
  }
  TextTable table({{"stage"}, {"artifact"}, {"how"}, {"before"}, {"after"}});
  for (const ArtifactChange& change : found.artifacts) {
    if (change.how == "unchanged") continue;
    table.row({change.stage, change.name, change.how, change.before.substr(0, 12), change.after.substr(0, 12)});
  }
  if (found.count("unchanged") < found.artifacts.size()) std::cout << table.text() << "\n";
  std::cout << fmt::format("{} to {}: {} added, {} removed, {} modified, {} unchanged.\n", found.before, found.after,
                           found.count("added"), found.count("removed"), found.count("modified"),
                           found.count("unchanged"));
}

}  // namespace

void PrepareOptions::add_to(CLI::App& app) {
  app.description(
      "Turns bars into a table to learn from: cleaned, with features, labels, weights, purged parts and scales.\n"
      "A stage that has been done already with the same settings, bars and code is taken over. Examples:\n"
      "  moola prepare --preset day_trading --set data.bars=BTCUSD/v1\n"
      "  moola prepare configs/prepare/day_trading.toml --set data.bars=BTCUSD/v1 --to labels\n"
      "  moola prepare compare RUN RUN");
  app.add_option("CONFIG", config_file, "configuration (TOML); docs/reference/prepare.md lists every key")
      ->type_name("FILE");
  app.add_option("--preset", preset, "begin with the settings of scalping, day_trading or swing")->type_name("NAME");
  app.add_option("--set", settings, "set a key of the configuration, e.g. --set clean.timeframe=15m; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--from", from, "begin with this stage, and do it and all after it again; those before must be done")
      ->type_name("STAGE");
  app.add_option("--to", to, "end with this stage; the same command without it goes on")->type_name("STAGE");
  app.add_option("--resume", resume, "go on with this run (its id or folder) and no other")->type_name("RUN");
  app.add_flag("--fresh", fresh, "a new run in which every stage is done again")->excludes("--resume");
  app.add_flag("--dry-run", dry_run, "print which stages would be done, and which taken over, and stop");
  app.add_option("--ranks", ranks, "processes that share the symbols; each uses its share of the cores")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--print-config", print_config, "print the resolved configuration and stop");
  app.add_flag("--config-reference", config_reference, "print the reference page of all keys (Markdown) and stop");
  add_common_options(app, common);
  CLI::App* comparing = app.add_subcommand("compare", "what two runs made: added, removed, modified, unchanged");
  comparing->add_option("RUN", compare, "two runs: ids or folders")->expected(2)->required();
  add_common_options(*comparing, common);
}

LoadedPrepareConfig PrepareOptions::load() const {
  return load_prepare_config(
      preset, config_file.empty() ? std::nullopt : std::optional<std::filesystem::path>(config_file), settings);
}

PrepareRequest PrepareOptions::request() const {
  return {.workspace = common.workspace,
          .from = from,
          .to = to,
          .resume = resume,
          .fresh = fresh,
          .dry_run = dry_run,
          .quiet = common.quiet};
}

bool answer_without_ranks(const PrepareOptions& options) {
  if (options.config_reference) {
    std::cout << prepare_reference();
    return true;
  }
  if (!options.compare.empty()) {
    print_comparison(options);
    return true;
  }
  const LoadedPrepareConfig config = options.load();
  if (options.print_config) {
    std::cout << (options.common.json ? Json{{"config", config.resolved}}.dump() + "\n" : config.resolved);
    return true;
  }
  if (options.dry_run) {
    print_result(options, prepare(options.request(), config, {}));
    return true;
  }
  // What bars cannot do is said once, before there are ranks.
  require_workspace(options.common.workspace);
  static_cast<void>(find_symbols(options.common.workspace, config.values));
  return false;
}

int run_prepare(const PrepareOptions& options, const Team& team) {
  const LoadedPrepareConfig config = options.load();
  const PrepareResult result = prepare(options.request(), config, team);
  if (team.rank == 0) print_result(options, result);
  if (team.any(result.interrupted)) return static_cast<int>(ExitCode::run_again);
  const bool refused = config.values.validation.strict && !result.warnings.empty();
  if (refused && team.rank == 0)
    log_warning("Everything was written, but validation.strict = true: with warnings the status is 3.");
  return static_cast<int>(team.any(refused) ? ExitCode::gate_not_met : ExitCode::done);
}

}  // namespace moola::work
