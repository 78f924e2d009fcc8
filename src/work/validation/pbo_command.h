#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola pbo`.
void add_pbo_command(CLI::App& app);

}  // namespace moola::work
