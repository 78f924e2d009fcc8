#pragma once
#include <cstddef>
#include <optional>
#include <span>

namespace moola::market {

/// Whether a series stays around a level: the null hypothesis, so that a small p speaks against it.
struct Kpss {
  double statistic = 0;
  double p = 0;          // between the table's 0.01 and 0.1; beyond them, the nearer one
  std::size_t lags = 0;  // of the long-run variance
};

/// The test of Kwiatkowski, Phillips, Schmidt and Shin around a level, long-run variance by Bartlett's weights and the
/// automatic number of lags of Hobijn, Franses and Ooms 1998. None for less than 3 values and series that do not move.
/// Agrees with statsmodels' kpss(x, "c", "auto"). Throws std::invalid_argument for values that are not finite.
std::optional<Kpss> kpss(std::span<const double> series);

}  // namespace moola::market
