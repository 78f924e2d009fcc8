// moola step: one element of a submitted job's step, here and now; a whole run on this machine.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/commands/command_options.h"
#include "cluster/commands/step_command.h"

int main(int argc, char** argv) {
  moola::cluster::StepOptions options;
  CLI::App app(
      "Runs one element of a step of a submitted job here and now, as the scripts of all places do; without STEP, all "
      "that was submitted and that no queue takes care of.\n"
      "Example: moola step artifacts/jobs/20260101T000000Z_night pretrain --element 3");
  app.add_option("RUN", options.run, "the run's folder")->required();
  app.add_option(
      "STEP", options.step,
      "which step; none: run what was submitted to this machine, or keep the machine that was rented for it");
  app.add_option("--element", options.element, "which element of an array, from 0")->capture_default_str();
  app.add_option("--attempt-of", options.attempt_of, "what the place calls the submission");
  return moola::cluster::run_with_status(app, "step", argc, argv,
                                         [&] { return moola::cluster::step_command(options); });
}
