#include "market/labels/regression_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "market/percentile.h"

namespace moola::market {

ReturnLimits fit_return_limits(std::span<const double> returns, const RegressionTarget& rule,
                               std::span<const FitRows> rows) {
  if (!(rule.low >= 0) || !(rule.low < rule.high) || !(rule.high <= 1)) {
    throw ConfigError(fmt::format("returns cut at percentiles {} and {}: expected shares with 0 <= low < high <= 1.",
                                  rule.low, rule.high));
  }
  std::vector<double> seen;
  const auto ahead = static_cast<std::size_t>(rule.holding.bars);
  for (const auto& [begin, end] : rows) {
    if (begin > end || end > returns.size()) throw std::invalid_argument("rows to fit on that returns do not have");
    for (std::size_t i = begin; i + ahead < end; ++i) {
      if (std::isfinite(returns[i])) seen.push_back(returns[i]);
    }
  }
  if (seen.empty()) {
    throw DataError(fmt::format(
        "no return over {} bars begins and ends within one of the {} ranges of rows to fit on: give longer ranges.",
        rule.holding.bars, rows.size()));
  }
  return {.low = percentile(seen, rule.low),
          .high = percentile(seen, rule.high),
          .fitted = static_cast<std::int64_t>(seen.size())};
}

std::vector<float> regression_targets(std::span<const double> returns, const RegressionTarget& rule,
                                      const ReturnLimits& limits) {
  std::vector<float> out(returns.size());
  for (std::size_t i = 0; i < returns.size(); ++i) {
    // A comparison with NaN is false, so that NaN stays.
    const double cut = returns[i] < limits.low ? limits.low : returns[i] > limits.high ? limits.high : returns[i];
    out[i] = static_cast<float>(cut * rule.multiple);
  }
  return out;
}

}  // namespace moola::market
