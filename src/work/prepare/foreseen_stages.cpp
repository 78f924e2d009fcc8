#include "work/prepare/foreseen_stages.h"

#include <fmt/format.h>

#include <ranges>

#include "base/error.h"
#include "record/run_list.h"
#include "work/prepare/prepared_tables.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, std::string_view word, const std::string& name) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + name.size()))
    text.replace(at, word.size(), name);
  return text;
}

// What a stage would write for a unit.
std::vector<std::string> foreseen_files(const PrepareConfig& config, const Stage& stage, const StageUnit& unit,
                                        const std::vector<PreparedSymbol>& symbols) {
  std::vector<std::string> out;
  for (const std::string_view file : stage.writes) {
    // Where no barriers can be searched for, none are there to compare with either.
    if (stage.name == "initial_labels" && file == "SYMBOL.h5" && config.labels.strategy != "triple_barrier") continue;
    const std::string path =
        file.starts_with("data/") ? std::string(file) : fmt::format("stages/{}/{}", stage.folder(), file);
    if (!path.ends_with("SYMBOL.h5") && !path.ends_with("SYMBOL.json")) {
      out.push_back(replaced(path, "TABLE", unit.name));
      continue;
    }
    for (const std::size_t symbol : unit.symbols) out.push_back(replaced(path, "SYMBOL", symbols[symbol].name()));
  }
  return out;
}

}  // namespace

std::vector<fs::path> other_runs(const fs::path& workspace, const fs::path& run) {
  std::vector<fs::path> out;
  for (const record::RunSummary& each : std::views::reverse(record::list_runs(workspace).runs)) {
    if (each.manifest.job == "prepare" && each.path.filename() != run.filename()) out.push_back(each.path);
  }
  return out;
}

StagePlan plan_of(const PrepareRequest& request) {
  StagePlan plan{.first = request.from.empty() ? 0 : stage_index(request.from),
                 .last = request.to.empty() ? prepare_stages().size() - 1 : stage_index(request.to),
                 .reuse = !request.fresh,
                 .first_given = !request.from.empty(),
                 .strict = !request.from.empty() || !request.resume.empty(),
                 .others = {}};
  if (plan.first > plan.last) {
    throw ConfigError(
        fmt::format("--from {} comes after --to {}; the stages' order is: {}.", request.from, request.to, [] {
          std::string all;
          for (const Stage& stage : prepare_stages()) all += (all.empty() ? "" : ", ") + std::string(stage.name);
          return all;
        }()));
  }
  if (request.fresh && plan.first_given) {
    throw ConfigError("--fresh makes everything again and --from begins in the middle; give one of them.");
  }
  return plan;
}

PrepareResult foresee(const PrepareRequest& request, const LoadedPrepareConfig& config,
                      const std::vector<PreparedSymbol>& symbols) {
  StagePlan plan = plan_of(request);
  plan.others = other_runs(request.workspace, {});
  const std::size_t last = plan.last;
  Workbench bench(request.workspace, {}, config, symbols, prepared_tables(config.values), 1);
  const StageRunner runner(bench, std::move(plan));
  PrepareResult result{.run = {}, .folder = {}, .status = "dry run"};
  StageRunner::Foreseen foreseen;
  for (std::size_t index = 0; index < prepare_stages().size(); ++index) {
    const Stage& stage = prepare_stages()[index];
    StageResult out{.name = std::string(stage.name), .state = index > last ? "pending" : "reuse"};
    for (const StageUnit& unit : runner.units(stage)) {
      if (index > last) continue;
      if (auto record = runner.foresee(index, unit, foreseen)) {
        out.add(*record);
        foreseen.emplace(fmt::format("{}/{}", stage.name, unit.name), std::move(*record));
        continue;
      }
      out.state = "to do";
      out.units.push_back(unit.name);
      for (std::string& file : foreseen_files(config.values, stage, unit, symbols))
        out.outputs.push_back(std::move(file));
    }
    result.stages.push_back(std::move(out));
  }
  return result;
}

void check_earlier_stages(const PrepareRequest& request, const LoadedPrepareConfig& config,
                          const std::vector<PreparedSymbol>& symbols) {
  PrepareRequest before = request;
  before.from.clear();
  for (const StageResult& stage : foresee(before, config, symbols).stages) {
    if (stage.name == request.from) return;
    if (stage.state == "reuse") continue;
    throw ConfigError(fmt::format(
        "--from {} begins after the stage {}, which has not been done for {} with this configuration, these bars and "
        "this version of the program, or whose files are gone. Leave --from out, or begin with --from {}.",
        request.from, stage.name, stage.units.back(), stage.name));
  }
}

}  // namespace moola::work
