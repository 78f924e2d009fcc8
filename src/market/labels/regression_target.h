#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "market/labels/forward_return.h"

namespace moola::market {

/// Rows [begin, end).
struct FitRows {
  std::size_t begin, end;
};

struct RegressionTarget {
  Holding holding = {};
  ReturnKind kind = ReturnKind::simple;
  double multiple = 100;  // 100: the target is in per cent
  /// Returns beyond these percentiles of the fitted ones (shares, 0 to 1) are brought to them. 0 and 1: the extremes of
  /// the fitted ones.
  double low = 0.01, high = 0.99;
};

/// What returns are cut at. A fitted thing: it has seen the prices of the rows it was fitted on.
struct ReturnLimits {
  double low, high;     // returns
  std::int64_t fitted;  // how many returns they are of
};

/// Fits the limits on the returns (forward_returns) that begin and end within one of the ranges `rows`: none of which a
/// part is known only after its range. Cost O(n). Throws ConfigError for percentiles that are not 0 <= low < high <= 1,
/// DataError when no return is left to fit on, std::invalid_argument for rows that are not there.
ReturnLimits fit_return_limits(std::span<const double> returns, const RegressionTarget& rule,
                               std::span<const FitRows> rows);

/// Returns within the limits, times `rule.multiple`; NaN where there is no return.
std::vector<float> regression_targets(std::span<const double> returns, const RegressionTarget& rule,
                                      const ReturnLimits& limits);

}  // namespace moola::market
