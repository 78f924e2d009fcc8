// moola pretrain: checks the call, then starts the ranks that train. Links neither LibTorch nor MPI.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>

#include "base/json.h"
#include "cluster/launch/job_front.h"
#include "work/pretrain_config.h"
#include "work/pretrain_options.h"

int main(int argc, char** argv) {
  moola::work::PretrainOptions options;
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    if (options.config_reference) {
      std::cout << moola::work::pretrain_reference();
      return;
    }
    const auto config = moola::work::load_pretrain_config(options.config(), options.settings);
    if (options.print_config) {
      std::cout << (options.common.json ? moola::Json{{"config", config.resolved}}.dump() + "\n" : config.resolved);
      return;
    }
    exit_code = moola::launch::run_job_front({.name = "pretrain",
                                              .ranks = static_cast<int>(options.ranks),
                                              .device = config.values.parallel.device,
                                              .leaves = config.values.leaves(),
                                              .workspace = options.common.workspace},
                                             argc, argv);
  });
  const int parsed = moola::run_command(app, "pretrain", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
