#pragma once
#include <span>
#include <vector>

namespace moola::sweep {

/// Losses as a Gaussian process learns them: a monotone function of them with mean 0 and variance 1.
struct GpTargets {
  std::vector<double> values;
  double log_slopes;  // sum of the logarithms of how the function changes: what makes densities of losses comparable
};

/// `losses` may be infinite; these count as the worst and the best finite ones. So do the worst quarter's outliers:
/// what is 10,000 times as far from the least loss as the next better one counts as that. With `bend` 0 the function is
/// linear, else log(1 + bend u) with u the distance from the least loss in units of the median's: then differences
/// among bad losses shrink. Losses that are all the same become 0.
GpTargets gp_targets(std::span<const double> losses, double bend);

}  // namespace moola::sweep
