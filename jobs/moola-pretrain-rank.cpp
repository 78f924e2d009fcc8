// One rank of moola pretrain; moola-pretrain starts it with its own arguments.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "comm/run_ranks.h"
#include "work/pretrain.h"

int main(int argc, char** argv) {
  moola::work::PretrainOptions options;
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    exit_code = moola::comm::run_ranks("pretrain", [&](moola::comm::World& world) {
      const auto config = moola::work::load_pretrain_config(options.config(), options.settings);
      return moola::work::pretrain(world, options, config);
    });
  });
  const int parsed = moola::run_command(app, "pretrain-rank", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
