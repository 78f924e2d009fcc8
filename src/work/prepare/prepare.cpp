#include "work/prepare/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <ranges>
#include <thread>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/store/dataset.h"
#include "record/run_folder.h"
#include "record/run_list.h"
#include "work/prepare/compared_symbols.h"
#include "work/prepare/stage_runner.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// Those of data.bars first, then those that they are compared with alone.
std::vector<PreparedSymbol> find_symbols(const fs::path& workspace, const PrepareConfig& config) {
  std::vector<PreparedSymbol> out;
  const auto add = [&](const std::vector<std::string>& bars) {
    for (const std::string& text : bars) {
      const data::DatasetId id = data::find_dataset(workspace, text, "bars");
      out.push_back({id, data::DatasetReader(workspace, id).content_sha256()});
    }
  };
  add(config.data.bars);
  add(bars_for_comparison(config));
  return out;
}

std::string base_name(const PrepareConfig& config) {
  if (!config.output.name.empty()) return config.output.name;
  std::string symbols;
  for (const std::string& text : config.data.bars)
    symbols += (symbols.empty() ? "" : "+") + data::parse_dataset_id(text, "bars").name;
  return symbols + "-" + (config.clean.sampling == "time" ? to_string(config.clean.timeframe) : config.clean.sampling);
}

// The name of a run's folder, which takes fewer letters than a data set's.
std::string run_name(const PrepareConfig& config) {
  std::string name = base_name(config);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '+' || c == '='; }, '_');
  return name;
}

record::RunRequest run_request(const PrepareRequest& request, const LoadedPrepareConfig& config,
                               const std::vector<PreparedSymbol>& symbols, const Team& team) {
  record::RunRequest out{.job = "prepare",
                         .name = run_name(config.values),
                         .config_text = config.resolved,
                         .config_identity = config.identity,
                         .data = {},
                         .fresh = request.fresh || !request.from.empty(),
                         .resume = request.resume,
                         .ranks = team.size,
                         .seed = config.values.barriers.seed};
  if (!request.resume.empty()) out.fresh = false;
  for (const PreparedSymbol& symbol : symbols)
    out.data.push_back({.role = "bars", .id = to_string(symbol.id), .content_sha256 = symbol.content_sha256});
  return out;
}

// Folders of all runs of moola prepare but this one, the newest first.
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

void add_to(StageResult& result, const StageRecord& record) {
  result.units.push_back(record.unit);
  for (const StageOutput& output : record.outputs) result.outputs.push_back(output.path);
  if (!record.reused_from.empty()) result.reused_from.push_back(record.reused_from);
}

void write_state(const fs::path& run, const PrepareResult& result, const std::string& failed,
                 const std::string& reason) {
  Json stages = Json::array();
  for (const Stage& stage : prepare_stages()) {
    const auto done = std::find_if(result.stages.begin(), result.stages.end(),
                                   [&](const StageResult& each) { return each.name == stage.name; });
    if (done == result.stages.end()) {
      Json entry = {{"name", stage.name}, {"state", stage.name == failed ? "failed" : "pending"}};
      if (stage.name == failed) entry["reason"] = reason;
      stages.push_back(std::move(entry));
      continue;
    }
    stages.push_back({{"name", stage.name},
                      {"state", done->state},
                      {"seconds", done->seconds},
                      {"units", done->units},
                      {"outputs", done->outputs},
                      {"reused_from", done->reused_from}});
  }
  write_file(run / "state.json", json_text({{"stages", stages}, {"written_at", utc_text(utc_now())}}, 1) + "\n");
}

// A run that was finished before, as its records tell; nothing when something of it is gone. Throws DataError for what
// was altered.
std::optional<PrepareResult> finished_before(const fs::path& workspace, const fs::path& run) {
  PrepareResult result{.run = run.filename().string(), .folder = run, .status = "finished"};
  for (const Stage& stage : prepare_stages()) {
    StageResult out{.name = std::string(stage.name), .state = "reused"};
    std::vector<fs::path> records;
    const fs::path folder = run / "stages" / stage.folder();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().string().ends_with(".done.json")) records.push_back(entry.path());
    }
    std::sort(records.begin(), records.end());
    if (records.empty()) return std::nullopt;
    for (const fs::path& file : records) {
      const std::string name = file.filename().string();
      const auto record = read_record(run, stage, name.substr(0, name.size() - std::string_view(".done.json").size()));
      for (const StageOutput& output : record->outputs) {
        const OutputState state = check_output(workspace, run, output);
        const std::string path = output_path(workspace, run, output).string();
        if (state == OutputState::missing) {
          log_warning("{}, which the stage {} of {} wrote, is gone; what is missing is done again in a new run.", path,
                      stage.name, result.run);
          return std::nullopt;
        }
        if (state == OutputState::altered) {
          throw DataError(
              fmt::format("{} is no longer what the stage {} of {} wrote (SHA-256 {:.12}…): it was altered since. Put "
                          "the file back "
                          "as it was, or give --fresh to make everything again.",
                          path, stage.name, result.run, output.sha256));
        }
      }
      add_to(out, *record);
    }
    out.reused_from = {result.run};
    result.stages.push_back(std::move(out));
  }
  return result;
}

// What the last stages say of the whole.
void add_conclusions(PrepareResult& result, Workbench& bench) {
  for (const StageUnit& table : bench.tables()) {
    if (fs::exists(bench.file("datasets", table.name, "json")))
      result.datasets.push_back(bench.json("datasets", table.name).at("id").get<std::string>());
    if (!fs::exists(bench.file("validation", table.name, "json"))) continue;
    const std::string of = bench.tables().size() == 1 ? "" : table.name + ": ";
    const Json validation = bench.json("validation", table.name);
    for (const Json& warning : validation.at("warnings")) result.warnings.push_back(of + warning.get<std::string>());
  }
}

unsigned threads_of(const PrepareConfig& config, const Team& team) {
  if (config.parallel.threads > 0) return static_cast<unsigned>(config.parallel.threads);
  return std::max(1U, std::thread::hardware_concurrency() / static_cast<unsigned>(std::max(1, team.host_size)));
}

}  // namespace

std::vector<StageUnit> prepared_tables(const PrepareConfig& config) {
  std::vector<StageUnit> out;
  if (config.data.multi_symbol || config.data.bars.size() == 1) {
    out.push_back({base_name(config), {}});
    for (std::size_t symbol = 0; symbol < config.data.bars.size(); ++symbol) out[0].symbols.push_back(symbol);
    return out;
  }
  for (std::size_t symbol = 0; symbol < config.data.bars.size(); ++symbol) {
    PrepareConfig one = config;
    one.data.bars = {config.data.bars[symbol]};
    const std::string name = data::parse_dataset_id(config.data.bars[symbol], "bars").name;
    out.push_back({config.output.name.empty() ? base_name(one) : config.output.name + "-" + name, {symbol}});
  }
  return out;
}

namespace {

std::string replaced(std::string text, std::string_view word, const std::string& name) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + name.size()))
    text.replace(at, word.size(), name);
  return text;
}

// What a stage would write for a unit.
std::vector<std::string> foreseen_files(const Stage& stage, const StageUnit& unit,
                                        const std::vector<PreparedSymbol>& symbols) {
  std::vector<std::string> out;
  for (const std::string_view file : stage.writes) {
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

// What would be done, without doing it.
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
        add_to(out, *record);
        foreseen.emplace(fmt::format("{}/{}", stage.name, unit.name), std::move(*record));
        continue;
      }
      out.state = "to do";
      out.units.push_back(unit.name);
      for (std::string& file : foreseen_files(stage, unit, symbols)) out.outputs.push_back(std::move(file));
    }
    result.stages.push_back(std::move(out));
  }
  return result;
}

// --from begins in the middle: what is before must be there, or there is no run to be made.
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

void record_result(record::Run& run, PrepareResult& result, Workbench& bench, record::RunState state,
                   const std::string& reason) {
  add_conclusions(result, bench);
  Json seconds = Json::object();
  for (const StageResult& stage : result.stages) {
    seconds[stage.name] = stage.seconds;
    for (const std::string& output : stage.outputs) {
      if (output.starts_with("data/")) run.add_artifact(bench.workspace() / output);
    }
  }
  run.manifest().timings["stages"] = seconds;
  run.manifest().parameters["datasets"] = result.datasets;
  run.finish(state, Json::object(), reason);
}

}  // namespace

PrepareResult prepare(const PrepareRequest& request, const LoadedPrepareConfig& config, const Team& team) {
  require_workspace(request.workspace);
  const std::vector<PreparedSymbol> symbols = find_symbols(request.workspace, config.values);
  StagePlan plan = plan_of(request);
  if (request.dry_run) return foresee(request, config, symbols);

  // Rank 0 finds the run; the others hear where it is.
  if (team.rank == 0 && plan.first_given && request.resume.empty()) check_earlier_stages(request, config, symbols);
  std::optional<record::Run> run;
  std::optional<PrepareResult> before;
  std::string folder;
  if (team.rank == 0) {
    record::RunRequest wanted = run_request(request, config, symbols, team);
    run.emplace(record::open_run(request.workspace, wanted));
    if (run->start() == record::RunStart::finished_before) {
      before = finished_before(request.workspace, run->path());
      if (!before) {
        wanted.fresh = true;
        wanted.resume.clear();
        if (!request.resume.empty()) {
          throw DataError(
              fmt::format("--resume {}: something that it had made is gone. Run the same command without "
                          "--resume: what is missing is then done again in a new run.",
                          request.resume));
        }
        run.emplace(record::open_run(request.workspace, wanted));
      }
    }
    if (!before) add_log_file(run->path() / "log.txt");
    folder = before ? "" : run->path().string();
  }
  folder = team.broadcast(folder);
  if (folder.empty()) {
    if (!before) return {};
    Workbench bench(request.workspace, before->folder, config, symbols, prepared_tables(config.values), 1);
    add_conclusions(*before, bench);
    log_info("This is done already: {}. Give --fresh to do it again.", before->folder.string());
    return *before;
  }

  plan.others = other_runs(request.workspace, folder);
  const std::size_t last = plan.last;
  Workbench bench(request.workspace, folder, config, symbols, prepared_tables(config.values),
                  threads_of(config.values, team));
  StageRunner runner(bench, std::move(plan));
  PrepareResult result{.run = fs::path(folder).filename().string(), .folder = folder, .status = "finished"};
  for (std::size_t index = 0; index <= last; ++index) {
    const Stage& stage = prepare_stages()[index];
    const std::vector<StageUnit> units = runner.units(stage);
    const auto began = std::chrono::steady_clock::now();
    StageResult out{.name = std::string(stage.name), .state = "made"};
    std::exception_ptr failure;
    std::size_t taken_over = 0;
    bool stopping = false;
    try {
      for (std::size_t u = 0; u < units.size(); ++u) {
        if (static_cast<int>(u % static_cast<std::size_t>(team.size)) != team.rank) continue;
        if (stopping = team.stop_requested(); stopping) break;
        team.note_phase(stage.name.data());
        bench.keep_only(bench.tables_of(units[u]));
        const StageRecord record = runner.complete(index, units[u]);
        if (!request.quiet) {
          log_info("{:<15} {:<14} {}{}", stage.name, stage.scope == StageScope::run ? "" : units[u].name, record.said,
                   record.reused_from.empty() ? fmt::format("  ({})", readable_seconds(record.seconds))
                                              : "  (as it was, from " + record.reused_from + ")");
        }
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const bool failed = team.any(failure != nullptr);
    if (!failed) stopping = team.any(stopping);
    if (team.rank == 0 && (failed || stopping)) {
      std::string reason = failed ? "an error on another rank" : "a stop signal";
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        reason = error.what();
      }
      write_state(folder, result, failed ? std::string(stage.name) : "", reason);
      if (failed) {
        run->finish(record::RunState::failed, Json::object(), reason);
      } else {
        result.status = "stopped";
        result.interrupted = true;
        record_result(*run, result, bench, record::RunState::stopped, reason);
      }
    }
    if (failure) std::rethrow_exception(failure);
    if (failed) team.barrier();  // until the rank that failed ends the job
    if (stopping) {
      result.status = "stopped";
      result.interrupted = true;
      return result;
    }
    if (team.rank != 0) continue;
    for (const StageUnit& unit : units) {
      const auto record = read_record(folder, stage, unit.name);
      add_to(out, *record);
      taken_over += record->reused_from.empty() ? 0 : 1;
    }
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (taken_over == units.size()) out.state = "reused";
    result.stages.push_back(std::move(out));
    write_state(folder, result, "", "");
  }
  if (team.rank != 0) return result;
  if (last + 1 < prepare_stages().size()) {
    result.status = "stopped";
    for (std::size_t index = last + 1; index < prepare_stages().size(); ++index)
      result.stages.push_back({.name = std::string(prepare_stages()[index].name), .state = "pending"});
    record_result(*run, result, bench, record::RunState::stopped, "--to " + request.to);
    return result;
  }
  record_result(*run, result, bench, record::RunState::finished, "");
  return result;
}

}  // namespace moola::work
