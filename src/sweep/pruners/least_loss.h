#pragma once
#include <cmath>
#include <limits>
#include <span>

#include "sweep/study/trial.h"

namespace moola::sweep {

/// The least of the values that are not NaN; NaN when there is none.
inline double least_loss(std::span<const Report> reports) {
  double out = std::numeric_limits<double>::quiet_NaN();
  for (const Report& each : reports) out = std::fmin(out, each.value);
  return out;
}

}  // namespace moola::sweep
