#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola models`.
void add_models_command(CLI::App& app);

}  // namespace moola::work
