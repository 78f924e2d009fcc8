#include "record/runs_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <set>

#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "record/preparation.h"
#include "record/report.h"
#include "record/run_compare.h"
#include "record/run_list.h"
#include "record/run_prune.h"

namespace moola::record {
namespace {

using report::moment;

void print(const Json& json) {
  std::cout << json_text(json, 2) << "\n";
}

std::string id_of(const RunSummary& run) {
  return run.path.filename().string();
}

RunList read_runs(const RunsOptions& options) {
  RunList list = list_runs(options.common.workspace);
  if (options.job.empty()) return list;
  std::set<std::string> jobs;
  for (const RunSummary& run : list.runs) jobs.insert(run.manifest.job);
  std::erase_if(list.runs, [&](const RunSummary& run) { return run.manifest.job != options.job; });
  if (list.runs.empty() && !jobs.empty()) {
    const std::vector<std::string> known(jobs.begin(), jobs.end());
    throw ConfigError(fmt::format("there is no run of the job '{}'.{}", options.job, did_you_mean(options.job, known)));
  }
  return list;
}

void say_broken(const RunList& list) {
  for (const BrokenRun& broken : list.broken) log_warning("{}: {}", broken.path.filename().string(), broken.problem);
}

Json to_json(const RunSummary& run) {
  Json out{{"run", id_of(run)},
           {"job", run.manifest.job},
           {"name", run.manifest.name},
           {"state", run.state},
           {"started", run.started == 0 ? Json() : Json(utc_text(run.started))},
           {"seconds", run.seconds},
           {"step", run.step},
           {"path", run.path.string()},
           {"metrics", run.manifest.metrics},
           {"timings", run.manifest.timings}};
  if (!is_preparation(run)) return out;
  const Preparation preparation = read_preparation(run);
  out["stage"] = preparation.stage();
  out["stages_done"] = preparation.stages_done();
  out["datasets"] = preparation.tables;
  out["warnings"] = preparation.warnings;
  return out;
}

template <class Key>
void sort_newest_last(std::vector<RunSummary>& runs, Key key) {
  std::stable_sort(runs.begin(), runs.end(), [&](const RunSummary& a, const RunSummary& b) { return key(a) < key(b); });
}

// Newest first; by a metric the best first and those without it last.
void sort_runs(std::vector<RunSummary>& runs, const std::string& by) {
  std::reverse(runs.begin(), runs.end());
  if (by == "time") return;
  if (by == "name") return sort_newest_last(runs, [](const RunSummary& run) { return run.manifest.name; });
  if (by == "state") return sort_newest_last(runs, [](const RunSummary& run) { return run.state; });
  if (by == "job") return sort_newest_last(runs, [](const RunSummary& run) { return run.manifest.job; });
  if (by == "duration") return sort_newest_last(runs, [](const RunSummary& run) { return -run.seconds; });
  if (by == "step") return sort_newest_last(runs, [](const RunSummary& run) { return -run.step; });
  std::set<std::string> known{"time", "name", "state", "job", "duration", "step"};
  for (const RunSummary& run : runs) {
    for (const auto& [name, value] : run.numbers) known.insert(name);
  }
  if (!known.contains(by)) {
    const std::vector<std::string> names(known.begin(), known.end());
    throw ConfigError(fmt::format(
        "--sort {}: runs can be sorted by time, name, state, job, duration, step, or a metric that one of them has.{}",
        by, did_you_mean(by, names)));
  }
  const double sign = better(by) == Direction::lowest ? 1 : -1;
  sort_newest_last(runs, [&](const RunSummary& run) {
    const auto at = run.numbers.find(by);
    return at == run.numbers.end() || std::isnan(at->second) ? std::pair(1, 0.0) : std::pair(0, sign * at->second);
  });
}

std::string number_or_dash(const RunSummary& run, const std::string& name) {
  const auto at = run.numbers.find(name);
  return at == run.numbers.end() ? "-" : readable(at->second);
}

std::string training_table(const std::vector<RunSummary>& runs, const std::string& metric) {
  const bool extra = !metric.empty() && metric != "train_loss" && metric != "holdout_loss";
  std::vector<TextTable::Column> columns{{"run"},
                                         {"job"},
                                         {"state"},
                                         {"worked", Align::right},
                                         {"step", Align::right},
                                         {"train loss", Align::right},
                                         {"hold-out loss", Align::right}};
  if (extra) columns.push_back({metric, Align::right});
  TextTable table(std::move(columns));
  for (const RunSummary& run : runs) {
    std::vector<std::string> cells{id_of(run),
                                   run.manifest.job,
                                   run.state,
                                   readable_seconds(run.seconds),
                                   run.step < 0 ? "-" : std::to_string(run.step),
                                   number_or_dash(run, "train_loss"),
                                   number_or_dash(run, "holdout_loss")};
    if (extra) cells.push_back(number_or_dash(run, metric));
    table.row(std::move(cells));
  }
  return table.text();
}

// Preparations, which have tables where the others have losses, in a table of their own below them.
std::string run_tables(const std::vector<RunSummary>& runs, const std::string& metric) {
  std::vector<RunSummary> preparations, others;
  for (const RunSummary& run : runs) (is_preparation(run) ? preparations : others).push_back(run);
  std::string out;
  if (!others.empty()) out += training_table(others, metric);
  if (!others.empty() && !preparations.empty()) out += "\n";
  if (!preparations.empty()) out += preparation_table(preparations);
  return out;
}

void print_data(const std::vector<DataUse>& uses, int depth) {
  for (const DataUse& use : uses) {
    std::cout << fmt::format("  {}{} {}  {}\n", std::string(static_cast<std::size_t>(2 * depth), ' '), use.role, use.id,
                             use.content_sha256.substr(0, 12));
    print_data(use.sources, depth + 1);
  }
}

}  // namespace

void list_runs_command(const RunsOptions& options) {
  RunList list = read_runs(options);
  sort_runs(list.runs, options.sort);
  if (options.common.json) {
    Json out{{"runs", Json::array()}, {"broken", Json::array()}};
    for (const RunSummary& run : list.runs) out["runs"].push_back(to_json(run));
    for (const BrokenRun& broken : list.broken)
      out["broken"].push_back({{"path", broken.path.string()}, {"problem", broken.problem}});
    return print(out);
  }
  say_broken(list);
  if (list.runs.empty()) {
    std::cout << fmt::format("No runs in {} yet.\n", runs_folder(options.common.workspace).string());
    return;
  }
  const std::set<std::string> not_metrics{"time", "name", "state", "job", "duration", "step"};
  std::cout << run_tables(list.runs, not_metrics.contains(options.sort) ? "" : options.sort);
}

void show_run_command(const RunsOptions& options) {
  const RunSummary run = summarize(find_run(options.common.workspace, options.run));
  const Manifest& manifest = run.manifest;
  if (options.common.json) {
    Json out = to_json(run);
    out["manifest"] = manifest.to_json();
    out["config"] = flat_config(run.path / "config.toml");
    return print(out);
  }
  std::optional<Preparation> preparation;
  if (is_preparation(run)) preparation = read_preparation(run);
  const std::string reached = preparation
                                  ? fmt::format("stage {} ({} done)", preparation->stage(), preparation->stages_done())
                                  : fmt::format("step {}", run.step < 0 ? "-" : std::to_string(run.step));
  std::cout << fmt::format("{}\n  {} of moola {}, {} of work, {}\n", id_of(run), run.state, manifest.job,
                           readable_seconds(run.seconds), reached);
  if (!manifest.reason.empty()) std::cout << fmt::format("  reason: {}\n", manifest.reason);
  std::cout << fmt::format("  begun {}, {} session{}, code {}, seed {}\n",
                           run.started == 0 ? "-" : moment(utc_text(run.started)), manifest.sessions.size(),
                           manifest.sessions.size() == 1 ? "" : "s", manifest.code_version, manifest.seed);
  std::cout << fmt::format("  folder {}\n", run.path.string());
  if (std::filesystem::exists(run.path / "report.html"))
    std::cout << fmt::format("  report {}\n", (run.path / "report.html").string());
  if (!manifest.data.empty()) {
    std::cout << "\ndata\n";
    print_data(manifest.data, 0);
  }
  for (const Parent& parent : manifest.parents) {
    std::cout << fmt::format("  from {} {}  {}\n", parent.kind, parent.id, parent.sha256.substr(0, 12));
  }
  if (preparation) {
    std::cout << preparation_text(*preparation);
  } else if (!run.numbers.empty()) {
    TextTable table({{"metric"}, {"value", Align::right}});
    for (const auto& [name, value] : run.numbers) table.row({name, readable(value)});
    std::cout << "\n" << table.text();
  }
  const Json config = flat_config(run.path / "config.toml");
  TextTable table({{"configuration"}, {"value"}});
  for (const auto& [key, value] : config.items()) table.row({key, value.get<std::string>()});
  std::cout << "\n" << table.text();
}

void compare_runs_command(const RunsOptions& options) {
  const Json comparison =
      compare_runs(find_run(options.common.workspace, options.run), find_run(options.common.workspace, options.other));
  if (options.common.json) return print(comparison);
  std::cout << comparison_text(comparison);
}

void best_runs_command(const RunsOptions& options) {
  RunList list = read_runs(options);
  const Direction direction = options.direction == "auto"     ? better(options.metric)
                              : options.direction == "lowest" ? Direction::lowest
                                                              : Direction::highest;
  std::vector<RunSummary> best = ranked(std::move(list.runs), options.metric, direction);
  if (best.size() > options.top) best.resize(options.top);
  const std::string word = direction == Direction::lowest ? "lowest" : "highest";
  if (options.common.json) {
    Json out{{"metric", options.metric}, {"direction", word}, {"best", to_json(best.front())}, {"runs", Json::array()}};
    for (const RunSummary& run : best) out["runs"].push_back(to_json(run));
    return print(out);
  }
  say_broken(list);
  std::cout << fmt::format("{} {} first\n", word, options.metric) << training_table(best, options.metric);
}

void report_command(const RunsOptions& options) {
  const std::filesystem::path run = find_run(options.common.workspace, options.run);
  if (is_preparation(summarize(run))) {
    throw ConfigError(fmt::format(
        "{} is a run of moola prepare, whose report is made by its last stage. Run the same moola prepare again: it "
        "says where the report is, and makes what is missing.",
        run.filename().string()));
  }
  const std::filesystem::path file = write_report(run);
  if (options.common.json) return print({{"report", file.string()}});
  std::cout << file.string() << "\n";
}

void prune_runs_command(const RunsOptions& options) {
  const RunList list = list_runs(options.common.workspace);
  const PrunePlan plan = plan_prune(list, options.keep.value_or(10), options.unfinished);
  if (!options.dry_run) prune(options.common.workspace, plan);
  std::uint64_t bytes = 0;
  for (const PrunedRun& run : plan.remove) bytes += run.bytes;
  if (options.common.json) {
    Json out{{"dry_run", options.dry_run}, {"removed", Json::array()}, {"bytes", bytes}, {"kept", plan.kept_because}};
    for (const PrunedRun& run : plan.remove)
      out["removed"].push_back({{"run", run.path.filename().string()}, {"state", run.state}, {"bytes", run.bytes}});
    return print(out);
  }
  say_broken(list);
  for (const PrunedRun& run : plan.remove) {
    std::cout << fmt::format("{} {} ({}, {:.1f} MB)\n", options.dry_run ? "would delete" : "deleted",
                             run.path.filename().string(), run.state, static_cast<double>(run.bytes) * 1e-6);
  }
  for (const std::string& line : plan.kept_because) std::cout << "kept " << line << "\n";
  std::cout << fmt::format("{} run{}, {:.1f} MB.\n", plan.remove.size(), plan.remove.size() == 1 ? "" : "s",
                           static_cast<double>(bytes) * 1e-6);
}

}  // namespace moola::record
