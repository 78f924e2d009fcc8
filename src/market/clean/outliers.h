#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "market/bars.h"

namespace moola::market {

/// What makes a bar's log return too large to be believed; each rule looks at earlier bars alone, so that dropping a
/// bar tells nothing of what came after it.
enum class OutlierRule : std::uint8_t {
  none,
  atr,     // beyond `limit` times the mean true range of the 14 bars before, over the close before
  zscore,  // beyond `limit` standard deviations from the mean of the 1,000 returns before
  iqr,     // beyond `limit` interquartile ranges outside the quartiles of the 1,000 returns before
};
/// "none", "atr", "zscore", "iqr". Throws ConfigError naming the nearest.
OutlierRule parse_outlier_rule(const std::string& text);
/// 5, 5 and 3: what is usual.
double usual_limit(OutlierRule rule);

/// Drops bars that `rule` does not believe, and says which rows they were. Judged against the bars that stay; a bar is
/// believed while there are fewer bars before it than its rule looks at (14; 100 of the 1,000), and when the one before
/// it was dropped and it stands where that stood: then the price did move. Bars with kRoll are believed. Throws
/// ConfigError unless limit > 0.
std::vector<std::int64_t> drop_outliers(Bars& bars, OutlierRule rule, double limit);

}  // namespace moola::market
