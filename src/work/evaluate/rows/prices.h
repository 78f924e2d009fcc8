#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "market/bars.h"
#include "market/symbol_table.h"
#include "validation/backtest.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// The prices on which predictions are traded, as they were: not adjusted, not filled.
struct Prices {
  struct Symbol {
    std::string name;
    data::Parent source;
    market::Bars bars;
    market::TradeCost cost;  // of a round trip

    validation::BarSpans spans() const {
      return {.time = bars.time,
              .open = bars.open,
              .high = bars.high,
              .low = bars.low,
              .close = bars.close,
              .flags = bars.flags};
    }
  };
  std::vector<Symbol> symbols = {};    // in the table's order
  std::vector<std::int64_t> bar = {};  // (n) of each row, its symbol's bar of that time; -1: none was traded
  double periods_per_year = 0;         // bars of a year, of the symbol that has most
  std::string timeframe = {};
};

/// Bars of every symbol of the table, of its timeframe. Nothing for backtest.bars = ["none"]. Throws ConfigError for a
/// table that does not say what it was made from, and symbols without bars; DataError where less than half of the rows
/// have a bar of their time.
std::optional<Prices> read_prices(const std::filesystem::path& workspace, const LoadedEvaluateConfig& loaded,
                                  const EvaluationData& data);

/// What was the return of the last bar known to each row: of the bar before its own. By position; 0 where there is
/// none.
std::vector<float> last_returns(const EvaluationData& data, const Prices& prices);

}  // namespace moola::work
