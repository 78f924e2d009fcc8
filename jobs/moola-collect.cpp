// moola collect: brings the outputs of a submitted job.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::CollectOptions options;
  CLI::App app(
      "Names the outputs of the steps that have succeeded, and copies them.\n"
      "Example: moola collect latest --to results");
  add_run_and_step(app, options.which, moola::cluster::WithoutRun::latest);
  app.add_option("--to", options.to, "a folder that gets copies, by their paths in the workspace");
  moola::add_common_options(app, options.which.common);
  app.callback([&] {
    moola::require_workspace(options.which.common.workspace);
    moola::cluster::collect_command(options);
  });
  return moola::run_command(app, "collect", argc, argv);
}
