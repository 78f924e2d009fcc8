#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `table` to `moola data import`.
void add_table_commands(CLI::App& import);

}  // namespace moola::data
