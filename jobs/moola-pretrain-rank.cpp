// One rank of moola pretrain; moola-pretrain starts it with its own arguments.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "comm/run_ranks.h"
#include "work/pretrain.h"

int main(int argc, char** argv) {
  return moola::comm::run_ranks("pretrain", [&](moola::comm::World& world) {
    moola::work::PretrainOptions options;
    CLI::App app;
    options.add_to(app);
    app.parse(argc, argv);
    const auto config = moola::work::load_pretrain_config(options.config(), options.settings);
    return moola::work::pretrain(world, options, config);
  });
}
