#pragma once
// Oscillators of a place in a range. Conventions: momentum.h.
#include <cstdint>
#include <span>

namespace moola::market {

/// Rows of the range, of the mean that %K is, and of the mean that %D is.
struct StochasticLengths {
  int range, k, d;
};
/// Rows on which the newest range was flat, from the first value on.
struct StochasticUndefined {
  std::int64_t k, d;
};
/// Where the close lies in the range of the last bars, in percent: %K is the mean of the last `k` of these, %D the mean
/// of the last `d` %K. A flat range counts as `flat`. First values after range + k - 2 and range + k + d - 3 rows.
/// TA-Lib STOCH, and STOCHF with k = 1, both with flat = 0 and %K put off to %D's first row; Lane 1984.
StochasticUndefined stochastic(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                               StochasticLengths lengths, double flat, std::span<double> k, std::span<double> d);

/// Williams' %R: how far the close is below the highest high, in percent of the range of the last bars, negative. 0
/// where the range is flat, as TA-Lib has it. First value after period - 1 rows. TA-Lib WILLR; Williams 1973.
std::int64_t williams_r(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                        int period, std::span<double> out);

/// Rows on which the range was flat, and on whose row before it was, from the first value on.
struct FisherUndefined {
  std::int64_t now, before;
};
/// Fisher transform of where the bar's middle lies in the range of middles of the last bars, from -1/2 to 1/2:
/// v = 0.66 place + 0.67 v, set to +-0.999 beyond +-0.99; out = (log((1 + v) / (1 - v)) + out) / 2, both from 0 on. The
/// place in a flat range is 0. `before` is `out` of the row before. First values after period - 1 and `period` rows.
/// An empty span: not wanted. Ehlers 2002.
FisherUndefined fisher_transform(std::span<const double> high, std::span<const double> low, int period,
                                 std::span<double> out, std::span<double> before);

}  // namespace moola::market
