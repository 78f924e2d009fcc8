#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `list`, `show`, `verify`, `lineage` and `diff`, with what they do, to `data`.
void add_registry_commands(CLI::App& data);

}  // namespace moola::data
