#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `sample` and `merge` to `moola data`.
void add_annotation_commands(CLI::App& data);

}  // namespace moola::data
