#include "market/clean/rolls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/utc_time.h"

namespace moola::market {

std::int64_t mark_rolls(Bars& bars, double threshold) {
  if (!(threshold > 0)) throw ConfigError(fmt::format("a roll at a change of {} or more: must be above 0.", threshold));
  std::int64_t marked = 0;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    if (std::fabs(bars.close[i] / bars.close[i - 1] - 1.0) < threshold) continue;
    marked += (bars.flags[i] & kRoll) == 0;
    bars.flags[i] |= kRoll;
  }
  return marked;
}

BackAdjustment parse_back_adjustment(const std::string& text) {
  static constexpr auto kMethods = std::to_array<NamedChoice<BackAdjustment>>(
      {{"none", BackAdjustment::none}, {"difference", BackAdjustment::difference}, {"ratio", BackAdjustment::ratio}});
  return parse_choice("back_adjust =", text, kMethods);
}

std::vector<RollStep> back_adjust(Bars& bars, BackAdjustment method) {
  std::vector<RollStep> steps;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    if ((bars.flags[i] & kRoll) != 0) steps.push_back({static_cast<std::int64_t>(i), bars.close[i - 1], bars.open[i]});
  }
  if (method == BackAdjustment::none || steps.empty()) return steps;
  const bool by_ratio = method == BackAdjustment::ratio;
  double factor = 1, move = 0;
  auto roll = steps.rbegin();
  for (std::size_t i = bars.size(); i-- > 0;) {
    if (roll != steps.rend() && static_cast<std::int64_t>(i) < roll->bar) {
      factor *= roll->open_after / roll->close_before;
      move += roll->open_after - roll->close_before;
      ++roll;
    }
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close})
      (*column)[i] = by_ratio ? (*column)[i] * factor : (*column)[i] + move;
    if (!(bars.low[i] > 0)) {
      throw DataError(fmt::format("back-adjusting by {} takes the price at {} to {}; by ratio prices stay above 0.",
                                  by_ratio ? "ratio" : "difference", utc_text(bars.time[i]), bars.low[i]));
    }
  }
  return steps;
}

}  // namespace moola::market
