#pragma once
#include <CLI/App.hpp>
#include <functional>

namespace moola::work {

/// Adds `moola sweep CONFIG` and its subcommands; `exit_code` is set when one has run. `stop_requested`: whether a stop
/// signal has arrived.
void add_sweep_command(CLI::App& app, int& exit_code, std::function<bool()> stop_requested);

}  // namespace moola::work
