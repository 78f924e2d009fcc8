// moola submit: a job file to Slurm or this machine.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::SubmitOptions options;
  CLI::App app(
      "Submits the steps of a job file to a place and prints the run's id; moola status, logs, cancel, retry and "
      "collect "
      "take it from there.\n"
      "Example: moola submit configs/jobs/smoke.toml --to local");
  app.add_option("JOB", options.file, "job file (TOML); docs/reference/submit.md lists every key");
  app.add_option("--to", options.to, "the place: slurm, runpod, local, or ssh://user@host:port/folder")
      ->capture_default_str();
  app.add_option("--set", options.settings, "KEY=VALUE: override a key of the job file");
  app.add_option("--site", options.site, "a profile of ~/.config/moola/sites, instead of the one that the file names");
  app.add_flag("--dry-run", options.dry_run, "check everything, print the plan, write what would run, submit nothing");
  app.add_option("--run-id", options.run_id,
                 "the run's id; one that is there already is gone on with, and what was submitted is not again");
  app.add_flag(
      "--template", options.make_template,
      "with --to runpod: make the template of the job's machine for RunPod's console, print its id, submit nothing");
  app.add_flag("--wait", options.wait, "stay until the run is over; status 1 when a step has failed");
  app.add_option("--out", options.out, "folder of a dry run; default: artifacts/plans/JOB in the workspace");
  app.add_flag("--config-reference", options.reference, "print the reference page of all keys (Markdown) and stop");
  moola::add_common_options(app, options.common);
  return moola::cluster::run_with_status(app, "submit", argc, argv,
                                         [&] { return moola::cluster::submit_command(options); });
}
