// moola diagnose: what ended a step, and what to do about it.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/diagnose/diagnose_command.h"

int main(int argc, char** argv) {
  moola::cluster::DiagnoseOptions options;
  CLI::App app(
      "What ended a step, by its log and its exit status: the cause first, the line that says so, and what to do. Any\n"
      "program's log will do.\n"
      "Example: moola diagnose --log logs/pretrain/1234.log --exit-code 1");
  moola::add_common_options(app, options.common);
  app.add_option("--log", options.log, "the log to read, of any size; /dev/stdin for a pipe")->required();
  app.add_option("--exit-code", options.exit_code, "the exit status, where it is known: more can be told with it");
  app.add_option("--step", options.step, "the step's name in its job file, for the advice");
  app.add_option("--slurm-state", options.slurm_state, "what sacct or scontrol calls its state, such as TIMEOUT");
  app.callback([&options] { diagnose_command(options); });
  return moola::run_command(app, "diagnose", argc, argv);
}
