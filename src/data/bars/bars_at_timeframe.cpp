#include "data/bars/bars_at_timeframe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "market/resample.h"

namespace moola::data {

StoredBars read_bars_at(const std::filesystem::path& workspace, const std::string& id, Duration timeframe) {
  StoredBars stored = read_bars(workspace, find_dataset(workspace, id, "bars"));
  const Duration given = Duration::seconds(stored.info.bar_seconds);
  if (timeframe.nanoseconds == 0 || timeframe == given) return stored;
  if (timeframe < given || timeframe.nanoseconds % given.nanoseconds != 0) {
    throw ConfigError(fmt::format("--timeframe {}: {} has bars of {}, which cannot be put together into those.",
                                  to_string(timeframe), to_string(stored.id), to_string(given)));
  }
  stored.bars = market::resample(stored.bars, timeframe.nanoseconds).bars;
  stored.info.bar_seconds = timeframe.nanoseconds / Duration::seconds(1).nanoseconds;
  return stored;
}

}  // namespace moola::data
