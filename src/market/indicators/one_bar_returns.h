#pragma once
// Returns from one bar to the next, NaN in row 0: what several families start from; returns.h has their logs. For the
// .cpp files beside it.
#include <cstddef>
#include <limits>
#include <span>

namespace moola::market {

inline void one_bar_returns(std::span<const double> close, std::span<double> out) {
  if (!out.empty()) out[0] = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 1; i < close.size(); ++i) out[i] = close[i] / close[i - 1] - 1.0;
}

}  // namespace moola::market
