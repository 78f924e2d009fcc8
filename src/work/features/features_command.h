#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola features`.
void add_features_command(CLI::App& app);

}  // namespace moola::work
