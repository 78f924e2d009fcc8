// One rank of moola prepare; moola-prepare starts it with its own arguments.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/stop_flag.h"
#include "comm/activity.h"
#include "comm/run_ranks.h"
#include "work/prepare/prepare_command.h"

int main(int argc, char** argv) {
  moola::work::PrepareOptions options;
  CLI::App app;
  options.add_to(app);
  int exit_code = 0;
  app.callback([&] {
    exit_code = moola::comm::run_ranks("prepare", [&](moola::comm::World& world) {
      const moola::comm::Communicator& ranks = world.communicator();
      return moola::work::run_prepare(options,
                                      {.rank = ranks.rank(),
                                       .size = ranks.size(),
                                       .barrier = [&] { ranks.barrier(); },
                                       .broadcast = [&](const std::string& text) { return ranks.broadcast(text, 0); },
                                       .any = [&](bool mine) { return ranks.any(mine); },
                                       .stop_requested = moola::stop_requested,
                                       .note_phase = moola::comm::note_phase,
                                       .host_size = ranks.host_size()});
    });
  });
  const int parsed = moola::run_command(app, "prepare-rank", argc, argv);
  return parsed != 0 ? parsed : exit_code;
}
