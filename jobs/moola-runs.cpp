// moola runs: list, show, compare, best, report, prune.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>

#include "base/command_line.h"
#include "record/runs_commands.h"
#include "work/quota/quota_commands.h"

int main(int argc, char** argv) {
  moola::record::RunsOptions options;
  CLI::App app(
      "Runs of a workspace: artifacts/runs. RUN is an id, the beginning of one, the name of a single run, or "
      "'latest'.\n"
      "Example: moola runs compare 20250101T0 latest");
  app.require_subcommand(1);
  const auto command = [&](const char* name, const char* does, auto&& run) {
    CLI::App* sub = app.add_subcommand(name, does);
    moola::add_common_options(*sub, options.common);
    sub->callback([&options, run] {
      moola::require_workspace(options.common.workspace);
      run(options);
    });
    return sub;
  };
  CLI::App* list = command("list", "all runs, the newest first", [](const moola::record::RunsOptions& given) {
    given.by_size ? moola::work::list_by_size_command(given) : moola::record::list_runs_command(given);
  });
  list->add_option("--sort", options.sort, "order: time, name, state, job, duration, step, or a metric (best first)")
      ->capture_default_str();
  list->add_option("--job", options.job, "only runs of this job, such as pretrain");
  list->add_flag(
      "--by-size", options.by_size,
      "instead: all that the workspace holds, also job runs, studies, encoders and data sets, the largest first");

  CLI::App* show =
      command("show", "one run: state, data, metrics, where its files are", moola::record::show_run_command);
  show->add_option("RUN", options.run, "which run (default: latest)");

  CLI::App* compare = command("compare", "how two runs differ: configuration, data, metrics, environment",
                              moola::record::compare_runs_command);
  compare->add_option("A", options.run, "the one")->required();
  compare->add_option("B", options.other, "the other")->required();

  CLI::App* best =
      command("best", "the finished runs with the best value of a metric", moola::record::best_runs_command);
  best->add_option("--metric", options.metric, "a name that `moola runs show` lists")->capture_default_str();
  best->add_option("--direction", options.direction, "which way is better: auto goes by the metric's name")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "lowest", "highest"}));
  best->add_option("--top", options.top, "how many to show")->capture_default_str()->check(moola::at_least(1));
  best->add_option("--job", options.job, "only runs of this job, such as pretrain");

  CLI::App* report = command("report", "write a run's report.html anew", moola::record::report_command);
  report->add_option("RUN", options.run, "which run (default: latest)");

  CLI::App* prune = command("prune", "delete all but the newest runs of each job and name, or what exceeds a quota",
                            moola::work::prune_command);
  prune->add_option("--keep", options.keep, "how many of each job and name stay (default: 10; with --quota 1)")
      ->check(moola::at_least(1));
  prune->add_flag("--unfinished", options.unfinished,
                  "delete stopped and interrupted runs too, which could be continued");
  prune->add_option(
      "--quota", options.quota,
      "what data/ and artifacts/ may take, such as 200G: only what exceeds it goes, checkpoints first; says "
      "what it would do, and does it with --yes");
  prune->add_flag("--yes", options.yes, "with --quota: do it");
  prune->add_flag("--dry-run", options.dry_run, "only say what would be deleted");
  return moola::run_command(app, "runs", argc, argv);
}
