#include "market/labels/barrier_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

struct Line {
  const char* symbol;  // empty: any other
  int horizon;
  double up, down;
  std::int32_t max_bars;
};

constexpr Line kLines[] = {
    {"MES", 5, 1.50, 1.00, 12}, {"MES", 10, 2.00, 1.40, 25}, {"MES", 15, 2.50, 1.75, 38}, {"MES", 20, 3.00, 2.10, 50},
    {"MGC", 5, 1.20, 1.20, 12}, {"MGC", 10, 1.60, 1.60, 25}, {"MGC", 15, 2.00, 2.00, 38}, {"MGC", 20, 2.50, 2.50, 50},
    {"", 5, 1.35, 1.10, 12},    {"", 10, 1.80, 1.35, 25},    {"", 15, 2.25, 1.70, 38},    {"", 20, 2.75, 2.30, 50},
    {"MES", 1, 0.30, 0.30, 4},  {"MGC", 1, 0.30, 0.30, 4},
};

constexpr Line kPercentages[] = {{"", 1, 0.0015, 0.0015, 5}, {"", 5, 0.0030, 0.0020, 15}, {"", 20, 0.0060, 0.0042, 60}};

TripleBarrier barriers(const Line& line) {
  return {.up = line.up, .down = line.down, .max_bars = line.max_bars};
}

}  // namespace

TripleBarrier usual_barriers(const std::string& symbol, int horizon) {
  if (horizon < 1) throw ConfigError(fmt::format("a horizon of {} bars: must be 1 or more.", horizon));
  const bool has_lines =
      std::any_of(std::begin(kLines), std::end(kLines), [&](const Line& line) { return symbol == line.symbol; });
  const std::string name = has_lines ? symbol : "";
  for (const Line& line : kLines) {
    if (line.symbol == name && line.horizon == horizon) return barriers(line);
  }
  const double scale = std::clamp(0.8 + 0.4 * portable_log(horizon) / portable_log(2.0), 0.5, 4.0);
  return {.up = scale, .down = scale, .max_bars = static_cast<std::int32_t>(std::clamp(2.5 * horizon, 5.0, 300.0))};
}

TripleBarrier usual_percentage_barriers(int horizon) {
  for (const Line& line : kPercentages) {
    if (line.horizon == horizon) return barriers(line);
  }
  throw ConfigError(
      fmt::format("there are no percentage barriers for a horizon of {} bars, only for 1, 5 and 20.", horizon));
}

}  // namespace moola::market
