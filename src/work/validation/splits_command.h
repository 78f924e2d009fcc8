#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola splits`.
void add_splits_command(CLI::App& app);

}  // namespace moola::work
