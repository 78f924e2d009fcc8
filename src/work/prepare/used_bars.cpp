#include "work/prepare/used_bars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::work {

BarRange used_bars(const PrepareConfig& config, const PreparedSymbol& symbol, std::span<const std::int64_t> time) {
  const auto at = [&](const std::string& text, std::size_t otherwise) {
    if (text.empty()) return otherwise;
    return static_cast<std::size_t>(std::lower_bound(time.begin(), time.end(), parse_utc(text)) - time.begin());
  };
  const BarRange range{at(config.data.from, 0), at(config.data.to, time.size())};
  if (time.empty()) throw DataError(fmt::format("{} holds no bars.", to_string(symbol.id)));
  if (range.begin >= range.end) {
    throw DataError(fmt::format(
        "{} has bars from {} to {}; data.from = \"{}\" and data.to = \"{}\" leave none of them.", to_string(symbol.id),
        utc_text(time.front()), utc_text(time.back()), config.data.from, config.data.to));
  }
  return range;
}

}  // namespace moola::work
