#pragma once
#include <CLI/App.hpp>
#include <functional>

namespace moola::work {

/// What a sweep runs on, and how it hears that it is to stop.
struct SweepHost {
  int cores = 1, gpus = 0;  // that this process may use, with the others of its launcher on this host
  std::function<bool()> stop_requested = {};
};

/// Adds `moola sweep CONFIG` and its subcommands; `exit_code` is set when one has run.
void add_sweep_command(CLI::App& app, int& exit_code, SweepHost host);

}  // namespace moola::work
