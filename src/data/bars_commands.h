#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `bars`, with what it does, to `import`.
///
///     moola data import bars BTCUSD.csv.xz --symbol BTCUSD
void add_bars_commands(CLI::App& import);

}  // namespace moola::data
