// moola sweep: hyperparameters searched by trials side by side.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/command_line.h"
#include "base/stop_flag.h"
#include "cluster/launch/ranks.h"
#include "work/sweep/sweep_command.h"

int main(int argc, char** argv) {
  const moola::StopFlag stop_flag;
  CLI::App app;
  int exit_code = 0;
  moola::work::add_sweep_command(app, exit_code,
                                 {.cores = moola::launch::count_cores(),
                                  .gpus = moola::launch::count_gpus(),
                                  .stop_requested = moola::stop_requested});
  const int parsed = moola::run_command(app, "sweep", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
