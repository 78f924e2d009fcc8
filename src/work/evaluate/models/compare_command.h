#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Adds `compare` to the command `moola models`.
void add_compare_command(CLI::App& app);

}  // namespace moola::work
