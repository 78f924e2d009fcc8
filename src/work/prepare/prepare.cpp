#include "work/prepare/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>

#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread_count.h"
#include "record/run_folder.h"
#include "work/prepare/foreseen_stages.h"
#include "work/prepare/prepared_tables.h"
#include "work/prepare/stage_runner.h"

namespace moola::work {
namespace {

record::RunRequest run_request(const PrepareRequest& request, const LoadedPrepareConfig& config,
                               const std::vector<PreparedSymbol>& symbols, const Team& team) {
  record::RunRequest out{.job = "prepare",
                         .name = prepare_run_name(config.values),
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

// What a request is about: a run to do it in, or what a run has done before.
struct ChosenRun {
  std::optional<record::Run> run;
  std::optional<PrepareResult> done;
};

ChosenRun choose_run(const PrepareRequest& request, record::RunRequest wanted) {
  ChosenRun chosen;
  chosen.run.emplace(record::open_run(request.workspace, wanted));
  if (chosen.run->start() != record::RunStart::finished_before) return chosen;
  chosen.done = finished_before(request.workspace, chosen.run->path());
  if (chosen.done) return chosen;
  if (!request.resume.empty()) {
    throw DataError(
        fmt::format("--resume {}: something that it had made is gone. Run the same command without --resume: what is "
                    "missing is then done again in a new run.",
                    request.resume));
  }
  wanted.fresh = true;
  chosen.run.emplace(record::open_run(request.workspace, wanted));
  return chosen;
}

// All stages of one run, as one rank goes through them.
class Preparation {
 public:
  // `run`: rank 0's; the other ranks have none.
  Preparation(const PrepareRequest& request, const Team& team, Workbench& bench, StagePlan plan, record::Run* run)
      : request_(request),
        team_(team),
        bench_(bench),
        last_(plan.last),
        runner_(bench, std::move(plan)),
        run_(run),
        result_{.run = bench.run().filename().string(), .folder = bench.run(), .status = "finished"} {}

  PrepareResult run_stages() {
    for (std::size_t index = 0; index <= last_; ++index) {
      if (!run_stage(index)) return result_;
    }
    if (team_.rank != 0) return result_;
    if (last_ + 1 == prepare_stages().size()) {
      record_end(record::RunState::finished, "");
      return result_;
    }
    result_.status = "stopped";
    for (std::size_t index = last_ + 1; index < prepare_stages().size(); ++index)
      result_.stages.push_back({.name = std::string(prepare_stages()[index].name), .state = "pending"});
    record_end(record::RunState::stopped, "--to " + request_.to);
    return result_;
  }

 private:
  enum class End { done, stop_asked, failed };

  // This rank's units. What they throw is kept until all ranks know of it.
  End complete_units(std::size_t index, const std::vector<StageUnit>& units, std::exception_ptr& failure) {
    const Stage& stage = prepare_stages()[index];
    try {
      for (std::size_t u = 0; u < units.size(); ++u) {
        if (static_cast<int>(u % static_cast<std::size_t>(team_.size)) != team_.rank) continue;
        if (team_.stop_requested()) return End::stop_asked;
        team_.note_phase(stage.name.data());
        bench_.keep_only(bench_.tables_of(units[u]));
        const StageRecord record = runner_.complete(index, units[u]);
        if (request_.quiet) continue;
        log_info("{:<15} {:<14} {}{}", stage.name, stage.scope == StageScope::run ? "" : units[u].name, record.said,
                 record.reused_from.empty() ? fmt::format("  ({})", readable_seconds(record.seconds))
                                            : "  (as it was, from " + record.reused_from + ")");
      }
    } catch (...) {
      failure = std::current_exception();
      return End::failed;
    }
    return End::done;
  }

  // False: stopped by a signal.
  bool run_stage(std::size_t index) {
    const Stage& stage = prepare_stages()[index];
    const std::vector<StageUnit> units = runner_.units(stage);
    const auto began = std::chrono::steady_clock::now();
    std::exception_ptr failure;
    const End end = complete_units(index, units, failure);
    if (team_.any(end == End::failed)) {
      if (team_.rank == 0) record_failure(stage, failure);
      if (failure) std::rethrow_exception(failure);
      team_.barrier();  // until the rank that failed ends the job
    }
    if (team_.any(end == End::stop_asked)) {
      result_.status = "stopped";
      result_.interrupted = true;
      if (team_.rank == 0) {
        write_state(result_.folder, result_);
        record_end(record::RunState::stopped, "a stop signal");
      }
      return false;
    }
    if (team_.rank != 0) return true;
    StageResult out{.name = std::string(stage.name), .state = "made"};
    std::size_t taken_over = 0;
    for (const StageUnit& unit : units) {
      const auto record = read_record(result_.folder, stage, unit.name);
      out.add(*record);
      taken_over += record->reused_from.empty() ? 0 : 1;
    }
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (taken_over == units.size()) out.state = "reused";
    result_.stages.push_back(std::move(out));
    write_state(result_.folder, result_);
    return true;
  }

  void record_failure(const Stage& stage, const std::exception_ptr& failure) {
    std::string reason = "an error on another rank";
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      reason = error.what();
    }
    write_state(result_.folder, result_, std::string(stage.name), reason);
    run_->finish(record::RunState::failed, Json::object(), reason);
  }

  void record_end(record::RunState state, const std::string& reason) {
    result_.add_conclusions(bench_);
    Json seconds = Json::object();
    for (const StageResult& stage : result_.stages) {
      seconds[stage.name] = stage.seconds;
      for (const std::string& output : stage.outputs) {
        if (output.starts_with("data/")) run_->add_artifact(bench_.workspace() / output);
      }
    }
    run_->manifest().timings["stages"] = seconds;
    run_->manifest().parameters["datasets"] = result_.datasets;
    run_->manifest().parameters["warnings"] = result_.warnings;
    run_->finish(state, Json::object(), reason);
  }

  const PrepareRequest& request_;
  const Team& team_;
  Workbench& bench_;
  std::size_t last_;
  StageRunner runner_;
  record::Run* run_;
  PrepareResult result_;
};

}  // namespace

PrepareResult prepare(const PrepareRequest& request, const LoadedPrepareConfig& config, const Team& team) {
  require_workspace(request.workspace);
  const std::vector<PreparedSymbol> symbols = find_symbols(request.workspace, config.values);
  StagePlan plan = plan_of(request);
  if (request.dry_run) return foresee(request, config, symbols);

  // Rank 0 finds the run; the others hear where it is, or that there is nothing to do.
  if (team.rank == 0 && plan.first_given && request.resume.empty()) check_earlier_stages(request, config, symbols);
  ChosenRun chosen = team.rank == 0 ? choose_run(request, run_request(request, config, symbols, team))
                                    : ChosenRun{.run = {}, .done = {}};
  const std::string folder = team.broadcast(chosen.run && !chosen.done ? chosen.run->path().string() : "");
  const std::vector<StageUnit> tables = prepared_tables(config.values);
  if (folder.empty()) {
    if (!chosen.done) return {};
    chosen.done->add_conclusions(Workbench(request.workspace, chosen.done->folder, config, symbols, tables, 1));
    log_info("This is done already: {}. Give --fresh to do it again.", chosen.done->folder.string());
    return *chosen.done;
  }
  if (chosen.run) add_log_file(chosen.run->path() / "log.txt");
  plan.others = other_runs(request.workspace, folder);
  Workbench bench(request.workspace, folder, config, symbols, tables,
                  thread_count(config.values.parallel.threads, team.host_size));
  return Preparation(request, team, bench, std::move(plan), chosen.run ? &*chosen.run : nullptr).run_stages();
}

}  // namespace moola::work
