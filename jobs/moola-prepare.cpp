// moola prepare: bars into a table to learn from. Checks the call, then starts the ranks that share the symbols.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cluster/launch/job_front.h"
#include "work/prepare/prepare_command.h"

int main(int argc, char** argv) {
  moola::work::PrepareOptions options;
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    if (moola::work::answer_without_ranks(options)) return;
    const int ranks = static_cast<int>(options.ranks);
    exit_code = moola::launch::run_job_front(
        {.name = "prepare", .ranks = ranks, .device = "cpu", .leaves = ranks, .workspace = options.common.workspace},
        argc, argv);
  });
  const int parsed = moola::run_command(app, "prepare", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
