#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds the subcommands that have to do with windows, with what they do: `windows` and `export` to `data`, `windows` to
/// `import`.
///
///     moola data windows --bars BTCUSD/v1 --length 105 --max-gap 10m
///     moola data import windows train.npz
///     moola data export labeled_windows/train/v1 train.parquet
void add_window_commands(CLI::App& data, CLI::App& import);

}  // namespace moola::data
