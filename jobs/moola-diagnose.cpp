// moola diagnose: what ended a step, and what to do about it.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "cluster/commands/command_options.h"
#include "cluster/diagnose/diagnose_command.h"

int main(int argc, char** argv) {
  moola::cluster::DiagnoseOptions options;
  moola::cluster::RunOptions run;
  run.run.clear();
  CLI::App app(
      "What ended a step, by its log and its exit status: the cause first, the line that says so, and what to do. Any\n"
      "program's log will do.\n"
      "Example: moola diagnose --log logs/pretrain/1234.log --exit-code 1");
  moola::add_common_options(app, options.common);
  app.add_option("RUN", run.run, "a submitted job's run, all of which that failed is explained; or give --log");
  app.add_option("STEP", run.step, "which step of it; none: all");
  add_elements(app, run);
  app.add_option("--log", options.log, "any log, of any size; /dev/stdin for a pipe");
  app.add_option("--exit-code", options.exit_code, "the exit status, where it is known: more can be told with it");
  app.add_option("--step", options.step, "the step's name in its job file, for the advice");
  app.add_option("--slurm-state", options.slurm_state, "what sacct or scontrol calls its state, such as TIMEOUT");
  app.callback([&] {
    if (run.run.empty() == options.log.empty())
      throw moola::ConfigError("what failed? Give a run (moola diagnose latest), or a log (--log FILE).");
    if (!options.log.empty()) return diagnose_command(options);
    run.common = options.common;
    moola::require_workspace(run.common.workspace);
    moola::cluster::diagnose_run_command(run);
  });
  return moola::run_command(app, "diagnose", argc, argv);
}
