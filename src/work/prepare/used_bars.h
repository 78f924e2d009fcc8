#pragma once
#include <span>

#include "work/prepare/workbench.h"

namespace moola::work {

/// Bars [begin, end).
struct BarRange {
  std::size_t begin, end;
};

/// Those of a symbol that data.from and data.to leave. Throws DataError when there are none.
BarRange used_bars(const PrepareConfig& config, const PreparedSymbol& symbol, std::span<const std::int64_t> time);

}  // namespace moola::work
