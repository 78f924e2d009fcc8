// One rank of moola cv, walk-forward, cpcv-pbo or train (MOOLA_JOB); the front starts it with its own arguments.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "comm/run_ranks.h"
#include "work/evaluate/evaluate_command.h"

int main(int argc, char** argv) {
  moola::work::EvaluateOptions options{.strategy = moola::work::strategy_of_job(MOOLA_JOB)};
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    exit_code = moola::comm::run_ranks(
        MOOLA_JOB, [&](moola::comm::World& world) { return moola::work::run_evaluate(options, world.communicator()); });
  });
  const int parsed = moola::run_command(app, MOOLA_JOB "-rank", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
