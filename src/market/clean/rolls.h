#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "market/bars.h"

namespace moola::market {

/// Marks with kRoll every bar whose close differs from the one before by `threshold` of it or more: what a change of
/// contract looks like in a series that does not say where it rolled. Returns how many. Throws ConfigError unless
/// 0 < threshold.
std::int64_t mark_rolls(Bars& bars, double threshold = 0.10);

/// How prices before a roll are brought to those after it.
enum class BackAdjustment : std::uint8_t {
  none,
  difference,  // all earlier prices moved by the step: differences stay, prices may fall below 0 (which is refused)
  ratio,       // all earlier prices multiplied by the step: returns stay
};
/// "none", "difference", "ratio". Throws ConfigError naming the nearest.
BackAdjustment parse_back_adjustment(const std::string& text);

/// One change of contract: the bar that carries kRoll, and what earlier prices are moved by.
struct RollStep {
  std::int64_t bar;
  double close_before, open_after;
};

/// Brings prices before every kRoll to those after it; the step at a roll is from the close before it to the open of
/// the bar that carries it, so a real move between the two is taken for the roll's. The last contract's prices stay.
/// Later rolls change earlier prices: what is computed from adjusted prices up to a date is not what could be computed
/// on that date, but for ratios of prices under `ratio`. Throws DataError when a price would not stay above 0.
std::vector<RollStep> back_adjust(Bars& bars, BackAdjustment method);

}  // namespace moola::market
