#pragma once
#include <cstdint>
#include <vector>

#include "data/store/dataset.h"
#include "work/prepare/prepare_config.h"
#include "work/prepare/stage.h"

namespace moola::work {

/// Where the bars of a symbol lie that data.from and data.to leave, without the bars.
struct BarsExtent {
  std::int64_t bar_nanoseconds;
  std::int64_t first, last;  // stamps, UTC
};

/// Throws ConfigError for bars that clean.timeframe does not fit, DataError where data.from and data.to leave none.
/// Cost: two stamps, and all of them where data.from or data.to is given.
BarsExtent extent_of(const PrepareConfig& config, const PreparedSymbol& symbol, const data::DatasetReader& bars);

/// Refuses, before there is a run, what so few bars can't come to whatever is in them: columns without a value, parts
/// without a row, columns that compare bars of different times. The stages refuse the rest. `extents`: of each of
/// `symbols`. Throws DataError and LeakError.
void check_extents(const PrepareConfig& config, const std::vector<PreparedSymbol>& symbols,
                   const std::vector<BarsExtent>& extents, const std::vector<StageUnit>& tables);

}  // namespace moola::work
