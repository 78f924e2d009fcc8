#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "market/symbol_table.h"

namespace moola::work {

/// A user's own lines of the symbol table: a TOML table per symbol.
///
///     [MES]                      # known to Moola: what is not said stays as it is there
///     commission = 1.5
///
///     [DAX]                      # not known: costs and their unit must be said
///     unit = "ticks"
///     tick_size = 0.5
///     tick_value = 12.5
///     currency = "EUR"
///     commission = 0.2
///     slippage_calm = 0.5
///     slippage_volatile = 1.5
///
/// `where` is what the text is called in errors, `job` the command that reads it ("label"). Throws ConfigError with
/// file and line: for what is no TOML (a symbol twice among it), a key that is none (naming the nearest), a value that
/// cannot be, an unknown symbol's key that is missing, and another unit without the costs in it.
std::vector<market::SymbolCosts> parse_symbol_file(const std::string& text, const std::string& where,
                                                   const std::string& job);
/// The same of a file; throws IoError too.
std::vector<market::SymbolCosts> read_symbol_file(const std::filesystem::path& file, const std::string& job);

/// A line as such a file says it, with every key that has a value: what it is known by.
std::string symbol_text(const market::SymbolCosts& symbol);

/// Throws ConfigError, beginning with `option`, unless one of `symbols` has a line: a file that says nothing about them
/// is another than was meant, or their names are. Names the nearest.
void check_symbols_named(const std::vector<market::SymbolCosts>& own, const std::vector<std::string>& symbols,
                         const std::string& option);

}  // namespace moola::work
