// moola retry: submits again what has not succeeded.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::RetryOptions options;
  bool from_checkpoint = false;
  CLI::App app(
      "Submits again what has failed, was cancelled, or was never submitted, with all that comes after it; what has "
      "succeeded is never done again. Jobs of moola go on from their last checkpoint.\n"
      "Example: moola retry latest");
  add_run_and_step(app, options.which, moola::cluster::WithoutRun::refused);
  add_elements(app, options.which);
  CLI::Option* checkpoint =
      app.add_flag("--from-checkpoint", from_checkpoint, "go on from the last checkpoint, as it does anyway");
  app.add_flag("--fresh", options.fresh, "jobs of moola begin anew")->excludes(checkpoint);
  moola::add_common_options(app, options.which.common);
  app.callback([&] {
    moola::require_workspace(options.which.common.workspace);
    moola::cluster::retry_command(options);
  });
  return moola::run_command(app, "retry", argc, argv);
}
