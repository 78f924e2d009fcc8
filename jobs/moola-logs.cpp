// moola logs: what the steps of a submitted job have printed.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::LogsOptions options;
  CLI::App app(
      "Prints the logs of a submitted job, of all its steps or of one; several are told apart by their names.\n"
      "Example: moola logs latest pretrain --elements 3 --follow");
  add_run_and_step(app, options.which, moola::cluster::WithoutRun::latest);
  add_elements(app, options.which);
  app.add_option("--lines", options.lines, "only the last N of each log; 0: all")->capture_default_str();
  app.add_flag("--follow", options.follow, "go on until the run is over");
  moola::add_common_options(app, options.which.common);
  app.callback([&] {
    moola::require_workspace(options.which.common.workspace);
    moola::cluster::logs_command(options);
  });
  return moola::run_command(app, "logs", argc, argv);
}
