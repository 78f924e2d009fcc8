#pragma once
#include <CLI/App.hpp>

namespace moola::data {

/// Adds `review` and `clean` to `moola data`.
///
///     moola data review oof/btc/v1 --out issues.csv
///     moola data clean issues.csv --oof oof/btc/v1
void add_label_issue_commands(CLI::App& data);

}  // namespace moola::data
