#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// `moola evaluate`: a model that `moola train` has kept, on a part of a table. `exit_code` is what it comes to.
void add_evaluate_saved_command(CLI::App& app, int& exit_code);

}  // namespace moola::work
