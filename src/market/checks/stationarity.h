#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "market/checks/dickey_fuller.h"
#include "market/checks/kpss.h"
#include "market/checks/rows.h"

namespace moola::market {

/// What both tests say of a column. Stationary where the first one's p is small and the second one's is not.
struct Stationarity {
  Rows rows;                        // that were tested
  std::optional<DickeyFuller> adf;  // none where there is no answer
  std::optional<Kpss> level;        // likewise
};

struct StationarityOptions {
  std::size_t block = 20000;  // rows at most; at least 8
  DickeyFullerOptions adf = {};
};

/// Tests the last `block` rows of the longest of `rows`, less what is before the last value there that is not finite:
/// neighbours must stay neighbours, and what the series does lately is what counts. The same bits on any number of
/// threads. Cost: about 2.5 ms a column of 20,000 rows. Throws std::invalid_argument for rows that there are not.
std::vector<Stationarity> test_stationarity(std::span<const std::span<const double>> columns,
                                            std::span<const Rows> rows, const StationarityOptions& options,
                                            unsigned threads);

}  // namespace moola::market
