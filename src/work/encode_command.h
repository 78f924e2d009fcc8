#pragma once
#include <CLI/App.hpp>

namespace moola::work {

/// Makes `app` the command `moola encode`.
void add_encode_command(CLI::App& app);

}  // namespace moola::work
