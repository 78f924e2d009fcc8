// moola status: what became of a submitted job.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"

int main(int argc, char** argv) {
  moola::cluster::StatusOptions options;
  options.which.run.clear();
  CLI::App app(
      "What a submitted job does: every step's state, what waits for what, how far running ones are, why others "
      "failed. Without RUN, a list of all runs. RUN is an id, its beginning, a job's name, or 'latest'. Exit status 1 "
      "when a step has failed.\n"
      "Example: moola status latest --watch");
  app.add_option("RUN", options.which.run, "which run; none: list them");
  app.add_flag("--all", options.all, "a line for every element");
  app.add_flag("--watch", options.watch, "look every five seconds until the run is over");
  app.add_flag("--digest", options.digest, "one screen: what ran and how long, what failed and why");
  moola::add_common_options(app, options.which.common);
  return moola::cluster::run_with_status(app, "status", argc, argv, [&] {
    moola::require_workspace(options.which.common.workspace);
    return moola::cluster::status_command(options);
  });
}
