#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `synthetic` to `moola data import`.
///
///     moola data import synthetic jittered.npz --of btc/v1 --generator "jitter 0.1" --augmentation-only
void add_synthetic_commands(CLI::App& import);

}  // namespace moola::data
