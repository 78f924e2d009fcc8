#include "cluster/commands/command_options.h"

namespace moola::cluster {

void add_run_and_step(CLI::App& app, RunOptions& options, WithoutRun without_run) {
  CLI::Option* run = app.add_option("RUN", options.run, "which run");
  if (without_run == WithoutRun::refused)
    run->required();
  else
    run->capture_default_str();
  app.add_option("STEP", options.step, "which step; none: all");
}

void add_elements(CLI::App& app, RunOptions& options) {
  app.add_option("--elements", options.elements, "which elements of it, such as 3 or 0-7");
}

int run_with_status(CLI::App& app, const std::string& name, int argc, char** argv, const std::function<int()>& work) {
  int code = 0;
  app.callback([&] { code = work(); });
  const int failed = run_command(app, name, argc, argv);
  return failed != 0 ? failed : code;
}

}  // namespace moola::cluster
