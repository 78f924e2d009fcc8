#pragma once
#include <cstdint>
#include <vector>

#include "validation/separation.h"
#include "work/prepare/stage.h"

namespace moola::work {

/// Which bars of which symbols are the rows of a table: those from the first on that all features have a value of, in
/// the order of (time, symbol).
struct TableLayout {
  std::vector<std::size_t> symbols;    // of the unit, by their places in data.bars
  std::vector<std::int64_t> time;      // (n)
  std::vector<std::int32_t> symbol;    // (n) place in `symbols`; empty where there is only one
  std::vector<std::uint32_t> bar;      // (n) row among the symbol's cleaned bars
  std::vector<std::size_t> first_bar;  // per symbol: its first row's bar

  std::size_t size() const { return time.size(); }
  std::size_t symbol_of(std::size_t row) const { return symbol.empty() ? 0 : static_cast<std::size_t>(symbol[row]); }
};
TableLayout layout_of(Workbench& bench, const StageUnit& table);

/// How far parts are kept apart in this table: as configured, but where several symbols share the rows, bars mean the
/// time that so many bars take. Throws ConfigError for a purge by a share of the rows that is shorter than the longest
/// label.
struct TableSeparations {
  validation::Separation purge, embargo;
};
TableSeparations separations_of(const PrepareConfig& config, const TableLayout& layout);

/// The stamp of the first row that is not of the train part, whatever is left out there.
std::int64_t first_after_train(const PrepareConfig& config, const TableLayout& layout);

/// Bars that may be looked at when something is fitted: of each symbol of the table those from its first row up to,
/// exclusive, `end`, the first that lies within the purge before the validation part.
std::vector<std::size_t> train_ends(const PrepareConfig& config, Workbench& bench, const TableLayout& layout);

}  // namespace moola::work
