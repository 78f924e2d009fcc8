#include "work/sweep/sweep_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/launched_ranks.h"
#include "base/log.h"
#include "base/step_note.h"
#include "base/text_table.h"
#include "sweep/journal/repair.h"
#include "sweep/samplers/sampler_table.h"
#include "work/sweep/config/sweep_config.h"
#include "work/sweep/honesty/honesty.h"
#include "work/sweep/honesty/honesty_settings.h"
#include "work/sweep/honesty/outer_test.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/report/study_report.h"
#include "work/sweep/run_sweep.h"
#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/study_history.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/trials/job_check.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  CommonOptions common = {};
  std::string config = {};
  std::vector<std::string> settings = {};
  std::int64_t trials = 0, workers = 0;
  bool print_config = false, config_reference = false;
  std::string study = {}, name = {};
  std::int64_t top = 10;
  bool toml = false;
  fs::path file = {}, out = {};
};

Json honesty_of(const FoundStudy& found) {
  return honesty_json(found.study, found.folder());
}

// study_json, and how far the winner may be an accident.
Json judged_json(const FoundStudy& found, Json honesty) {
  Json out = study_json(found);
  out["dsr"] = honesty["dsr"];
  out["pbo"] = honesty["overfitting"].is_null() ? Json(nullptr) : honesty["overfitting"]["pbo"];
  out["honesty"] = std::move(honesty);
  return out;
}

void print_study(const FoundStudy& found, const Json& honesty, std::int64_t top) {
  const sweep::Study& study = found.study;
  std::string states;
  for (const auto& [state, count] : count_trials(study).named()) {
    if (count > 0) states += fmt::format("{}{} {}", states.empty() ? "" : ", ", count, state);
  }
  std::cout << fmt::format("study    {}\ntrials   {}\njournal  {}\n\n", study.name, states.empty() ? "none" : states,
                           found.journal.string());
  const std::vector<std::uint64_t> order = best_first(study);
  if (order.empty()) {
    std::cout << "no trial is complete\n";
    return;
  }
  TextTable table(
      {{"trial", Align::right}, {study.directions.size() > 1 ? "values" : "value", Align::right}, {"parameters"}});
  for (std::size_t i = 0; i < order.size() && i < static_cast<std::size_t>(top); ++i) {
    const sweep::Trial& trial = study.trials[order[i]];
    std::string values;
    for (const double value : trial.values) values += fmt::format("{}{:.6g}", values.empty() ? "" : ", ", value);
    table.row({std::to_string(order[i]), values, shown(values_of(study, trial))});
  }
  std::cout << table.text();
  if (order.size() > static_cast<std::size_t>(top))
    std::cout << fmt::format("and {} more: --top {}\n", order.size() - static_cast<std::size_t>(top), order.size());
  std::cout << "\n" << honesty_text(honesty);
}

// --set, and what the options say of the same keys.
std::vector<std::string> settings_of(const Arguments& arguments) {
  std::vector<std::string> out = arguments.settings;
  if (arguments.trials > 0) out.push_back(fmt::format("sweep.trials={}", arguments.trials));
  if (arguments.workers > 0) out.push_back(fmt::format("workers.count={}", arguments.workers));
  return out;
}

StudyRequest request_for(const LoadedSweepConfig& config, const fs::path& folder) {
  const SweepConfig& values = config.values;
  StudyRequest out{.name = values.sweep.name,
                   .folder = folder,
                   .directions = values.directions(),
                   .trials = static_cast<std::uint64_t>(values.sweep.trials),
                   .gpus = values.workers.gpus,
                   .retries = static_cast<unsigned>(values.trial.retries)};
  if (values.sweep.order == "fixed") out.lag = static_cast<std::uint64_t>(values.sweep.lag);
  out.metrics = values.sweep.metric;
  out.are_jobs = !values.sweep.job.empty();
  for (const sweep::NamedValue& each : config.space.fixed) out.fixed.emplace_back(each.name, each.value);
  for (const sweep::Point& point : config.space.enqueued) out.enqueued.push_back(values_at(config.space.space, point));
  return out;
}

std::vector<std::string> parameter_names(const sweep::ConfiguredSpace& space) {
  std::vector<std::string> out;
  for (const sweep::SpaceParameter& each : space.space.parameters()) out.push_back(each.name);
  for (const sweep::NamedValue& each : space.fixed) out.push_back(each.name);
  return out;
}

// Every so-manyeth, where a launcher has started several processes on this host that see the same ones.
std::vector<std::string> own_devices(const SweepHost& host) {
  const std::vector<std::string> all = visible_devices(std::getenv("CUDA_VISIBLE_DEVICES"), host.gpus);
  const LocalRank here = local_rank();
  // Slurm gives each task its own where it was asked to.
  if (here.ranks == 1 || std::getenv("SLURM_GPUS_PER_TASK") != nullptr) return all;
  std::vector<std::string> out;
  for (std::size_t i = static_cast<std::size_t>(here.rank); i < all.size(); i += static_cast<std::size_t>(here.ranks))
    out.push_back(all[i]);
  return out;
}

std::size_t slots_for(const SweepConfig& config, const SweepHost& host, const GpuShare& gpus) {
  const auto asked = static_cast<std::size_t>(config.workers.count);
  if (gpus.most() > 0) {
    if (asked > gpus.most())
      throw ConfigError(
          fmt::format("workers.count = {} trials of {} GPUs each are more than this process has GPUs for: {} fit.",
                      asked, config.workers.gpus, gpus.most()));
    return asked > 0 ? asked : gpus.most();
  }
  if (asked > 0) return asked;
  const int cores = host.cores / local_rank().ranks;
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(std::max(cores, 1)) / static_cast<std::size_t>(config.workers.ranks));
}

int sweep(const Arguments& arguments, const SweepHost& host) {
  if (arguments.config_reference) {
    SweepConfig any;
    ConfigSchema schema("sweep");
    any.bind(schema);
    std::cout << schema.reference("# Keys of moola sweep\n");
    return 0;
  }
  if (arguments.config.empty())
    throw ConfigError("name the configuration of a sweep: moola sweep CONFIG.toml. configs/sweep/ has examples.");
  require_workspace(arguments.common.workspace);
  const LoadedSweepConfig config = load_sweep_config(arguments.config, settings_of(arguments));
  if (arguments.print_config) {
    std::cout << config.text;
    return 0;
  }
  const SweepConfig& values = config.values;
  const TrialProgram program(values, parameter_names(config.space), config.folder, arguments.common.workspace);
  std::unique_ptr<sweep::Sampler> sampler =
      sweep::make_sampler(values.sweep.sampler, {.space = &config.space.space,
                                                 .objectives = values.sweep.direction.size(),
                                                 .trials = static_cast<std::uint64_t>(values.sweep.trials),
                                                 .seed = static_cast<std::uint64_t>(values.sweep.seed)});
  // Of several that a launcher has started one speaks.
  const bool speaks = launched_rank() == 0;
  const fs::path folder = study_folder(arguments.common.workspace, values.sweep.name);
  check_outer_test(config, arguments.common.workspace);
  if (speaks) check_job(program, config.space, folder);
  create_folders(folder);
  GpuShare gpus(own_devices(host), values.workers.gpus);
  const std::size_t slots = slots_for(values, host, gpus);
  if (values.sweep.order == "fixed" && slots > static_cast<std::size_t>(values.sweep.lag))
    throw ConfigError(
        fmt::format("{} workers are more than sweep.lag = {}: raise the lag, or give fewer with --workers.", slots,
                    values.sweep.lag));
  check_honesty_unchanged(folder, values);
  const TrialRecorder recorder(values, arguments.common.workspace);
  StudyRequest request = request_for(config, folder);
  request.keep_record = [&](TrialResult& result, const fs::path& trial) { recorder.keep(result, trial); };
  leave_step_note({{"study", request.name}});
  SweepStudy study(std::move(request), config.space.space, std::move(sampler), values.make_pruner());
  write_file(folder / "config.toml", config.text);
  for (const std::string& note : study.notes()) log_warning("{}: {}.", values.sweep.name, note);

  const SweepRun run = run_sweep(study, program, values, slots, std::move(gpus),
                                 {.stop_requested = host.stop_requested, .quiet = arguments.common.quiet || !speaks});
  const FoundStudy found{.journal = study.journal(), .study = study.study()};
  const Json honesty = honesty_json(found.study, folder);
  static constexpr const char* kStatus[] = {"finished", "enough", "stopped", "failing"};
  if (!speaks) {
    // The other has said it.
  } else if (arguments.common.json) {
    Json out = judged_json(found, honesty);
    out["status"] = kStatus[static_cast<int>(run.end)];
    out["reason"] = run.reason;
    std::cout << json_text(out, 2) << "\n";
  } else {
    print_study(found, honesty, arguments.top);
  }
  // Of several processes the last to leave has seen all.
  write_study_report(facts_of(found, honesty), folder);
  if (const std::uint64_t others = count_trials(study.study()).running; others > 0 && run.end != SweepEnd::stopped)
    log_info("{} trials belong to other processes, which tell their ends.", others);
  if (run.end == SweepEnd::enough) log_info("stopped early: {}.", run.reason);
  if (run.end == SweepEnd::stopped) log_info("stopped by a signal; the same command goes on.");
  if (run.end == SweepEnd::all_failing) {
    throw Error(fmt::format("{}. Look at {} and mend what it says; {}.", run.reason, (folder / "trials").string(),
                            study.nothing_to_begin() ? "then give the study another sweep.name, or more sweep.trials"
                                                     : "the same command goes on with the trials that are left"),
                run.may_pass ? ExitCode::failed : ExitCode::permanent);
  }
  return run.end == SweepEnd::stopped ? static_cast<int>(ExitCode::run_again) : 0;
}

void show(const Arguments& arguments) {
  const FoundStudy found = find_study(arguments.common.workspace, arguments.study, arguments.name);
  if (arguments.common.json) {
    Json out = judged_json(found, honesty_of(found));
    out["history"] = history_json(found.study);
    std::cout << json_text(out, 2) << "\n";
  } else {
    print_study(found, honesty_of(found), arguments.top);
  }
}

void list(const Arguments& arguments) {
  require_workspace(arguments.common.workspace);
  Json all = Json::array();
  for (const std::string& name : studies_of(arguments.common.workspace))
    all.push_back(study_json(find_study(arguments.common.workspace, name)));
  if (arguments.common.json) {
    std::cout << json_text({{"studies", std::move(all)}}, 2) << "\n";
    return;
  }
  TextTable table({{"study"},
                   {"complete", Align::right},
                   {"pruned", Align::right},
                   {"failed", Align::right},
                   {"running", Align::right},
                   {"best", Align::right}});
  for (const Json& each : all) {
    const Json& trials = each["trials"];
    std::vector<std::string> cells{each["study"].get<std::string>()};
    for (const char* state : {"complete", "pruned", "failed", "running"})
      cells.push_back(std::to_string(trials[state].get<std::uint64_t>()));
    cells.push_back(each["best"].is_null() ? "-" : fmt::format("{:.6g}", each["best"]["value"].get<double>()));
    table.row(std::move(cells));
  }
  std::cout << (all.empty() ? "no studies yet\n" : table.text());
}

void best(const Arguments& arguments) {
  const FoundStudy found = find_study(arguments.common.workspace, arguments.study, arguments.name);
  const std::vector<std::uint64_t> order = best_first(found.study);
  if (order.empty()) throw DataError(fmt::format("the study {} has no complete trial.", found.study.name));
  if (arguments.common.json) {
    std::cout << json_text(judged_json(found, honesty_of(found)), 2) << "\n";
    return;
  }
  if (arguments.toml) {
    // What the trial was told, with what is the same in all of them; the journal alone has what was searched.
    const fs::path told = trial_folder(found.folder(), order.front()) / kParametersFile;
    std::cout << (!found.folder().empty() && fs::exists(told)
                      ? read_file(told)
                      : trial_toml(values_of(found.study, found.study.trials[order.front()])));
    return;
  }
  print_study(found, honesty_of(found), found.study.directions.size() > 1 ? arguments.top : 1);
}

void report(const Arguments& arguments) {
  const FoundStudy found = find_study(arguments.common.workspace, arguments.study, arguments.name);
  const fs::path folder = found.folder();
  if (arguments.out.empty() && folder.empty()) {
    throw ConfigError(fmt::format(
        "{} is no study of a workspace's artifacts/studies, so there is no folder for its report. Say where: --out "
        "report.html.",
        found.journal.string()));
  }
  const StudyFacts facts = facts_of(found, honesty_of(found));
  const fs::path page = arguments.out.empty() ? folder / "report.html" : arguments.out;
  if (arguments.out.empty())
    write_study_report(facts, folder);
  else
    write_file(page, study_page(facts));
  if (arguments.common.json)
    std::cout << json_text(facts_json(facts), 2) << "\n";
  else
    std::cout << page.string() << "\n";
}

void repair(const Arguments& arguments) {
  const bool in_place = arguments.out.empty();
  const sweep::JournalRepair done =
      in_place ? sweep::repair_journal_in_place(arguments.file) : sweep::repair_journal(arguments.file, arguments.out);
  if (arguments.common.json) {
    Json dropped = Json::array();
    for (const sweep::DroppedText& each : done.dropped)
      dropped.push_back({{"line", each.line}, {"bytes", each.bytes}, {"reason", each.reason}});
    std::cout << json_text({{"kept", done.kept}, {"dropped", std::move(dropped)}, {"original", done.original.string()}},
                           2)
              << "\n";
    return;
  }
  for (const sweep::DroppedText& each : done.dropped)
    std::cout << fmt::format("line {}: {} bytes dropped: {}\n", each.line, each.bytes, each.reason);
  std::cout << fmt::format("{} records kept{}\n", done.kept,
                           done.dropped.empty() ? "; nothing was wrong"
                           : in_place           ? fmt::format("; the damaged journal is {}", done.original.string())
                                                : fmt::format(" in {}", arguments.out.string()));
}

}  // namespace

void add_sweep_command(CLI::App& app, int& exit_code, SweepHost host) {
  auto arguments = std::make_shared<Arguments>();
  app.description(
      "Search hyperparameters: trials of a program of your own, or of a job of moola, side by side. The study is a "
      "journal that "
      "Optuna reads and that others may work on at the same time; the same command goes on with it.\n"
      "Example: moola sweep configs/sweep/own_command.toml --trials 200");
  add_common_options(app, arguments->common);
  app.add_option("CONFIG", arguments->config, "TOML file; configs/sweep/ has examples");
  app.add_option("--set", arguments->settings, "KEY=VALUE: override a key of the configuration")
      ->allow_extra_args(false);
  app.add_option("--trials", arguments->trials, "trials of the study in all; the same as --set sweep.trials=N")
      ->check(at_least(1));
  app.add_option("--workers", arguments->workers, "trials at a time; the same as --set workers.count=N")
      ->check(at_least(1));
  app.add_option("--top", arguments->top, "how many trials to show")->capture_default_str()->check(at_least(1));
  app.add_flag("--print-config", arguments->print_config, "print the resolved configuration and do nothing");
  app.add_flag("--config-reference", arguments->config_reference, "print the page about all keys");
  app.require_subcommand(0, 1);

  const auto command = [&](const char* name, const char* does, void (*run)(const Arguments&)) {
    CLI::App* sub = app.add_subcommand(name, does);
    add_common_options(*sub, arguments->common);
    sub->callback([arguments, run] { run(*arguments); });
    return sub;
  };
  command("list", "the studies of the workspace", list);
  const auto of_study = [&](CLI::App* sub) {
    sub->add_option("STUDY", arguments->study, "name of a study of the workspace, or the file of a journal")
        ->required();
    sub->add_option("--study", arguments->name, "which study of a journal that holds several");
    sub->add_option("--top", arguments->top, "how many trials to show")->capture_default_str()->check(at_least(1));
  };
  of_study(command("show", "how far a study is, and its best trials", show));
  CLI::App* best_command = command("best", "the best trial, or those of several objectives that none dominates", best);
  of_study(best_command);
  best_command->add_flag("--toml", arguments->toml, "its parameters as a configuration");
  CLI::App* report_command = command(
      "report", "the page of a study: report.html and report.json in its folder; --json prints the latter", report);
  of_study(report_command);
  report_command->add_option("--out", arguments->out, "write the page there instead, as of a journal from elsewhere");
  CLI::App* repair_command =
      command("repair", "make a damaged journal readable again, keeping the damaged one", repair);
  repair_command->add_option("FILE", arguments->file, "the journal")->required();
  repair_command->add_option("--out", arguments->out, "write the repaired one there and leave FILE alone");

  app.callback([&app, arguments, &exit_code, host = std::move(host)] {
    if (app.get_subcommands().empty()) exit_code = sweep(*arguments, host);
  });
}

}  // namespace moola::work
