// moola cancel: ends steps of a submitted job, and what comes after them.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::RunOptions options;
  CLI::App app(
      "Ends a submitted job, or one of its steps and all that comes after it. What runs writes its checkpoint; moola "
      "retry goes on from it.\n"
      "Example: moola cancel latest pretrain --elements 3-5");
  add_run_and_step(app, options, moola::cluster::WithoutRun::refused);
  add_elements(app, options);
  moola::add_common_options(app, options.common);
  app.callback([&] {
    moola::require_workspace(options.common.workspace);
    moola::cluster::cancel_command(options);
  });
  return moola::run_command(app, "cancel", argc, argv);
}
