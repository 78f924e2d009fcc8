#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola label`.
void add_label_command(CLI::App& app);

}  // namespace moola::work
