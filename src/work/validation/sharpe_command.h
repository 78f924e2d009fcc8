#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola sharpe`.
void add_sharpe_command(CLI::App& app);

}  // namespace moola::work
