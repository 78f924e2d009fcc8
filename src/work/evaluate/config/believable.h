#pragma once

namespace moola::work {

/// A choice holds when its deflated Sharpe ratio is no less, and the probability of overfitting no more.
inline constexpr double kHoldsDsr = 0.95, kHoldsPbo = 0.2;

}  // namespace moola::work
