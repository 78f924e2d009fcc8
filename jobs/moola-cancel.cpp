// moola cancel: ends steps of a submitted job, and what comes after them.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "cluster/commands/job_commands.h"

int main(int argc, char** argv) {
  moola::cluster::RunOptions options;
  CLI::App app(
      "Ends a submitted job, or one of its steps and all that comes after it. What runs writes its checkpoint; moola "
      "retry goes on from it.\n"
      "Example: moola cancel latest pretrain --elements 3-5");
  app.add_option("RUN", options.run, "which run")->required();
  app.add_option("STEP", options.step, "which step; none: all");
  app.add_option("--elements", options.elements, "which elements of it, such as 3 or 0-7");
  moola::add_common_options(app, options.common);
  app.callback([&] {
    moola::require_workspace(options.common.workspace);
    moola::cluster::cancel_command(options);
  });
  return moola::run_command(app, "cancel", argc, argv);
}
