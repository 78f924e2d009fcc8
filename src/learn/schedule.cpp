#include "learn/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moola::learn {

double Schedule::operator()(std::int64_t step) const {
  if (step < warmup_steps) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  if (kind == ScheduleKind::constant) return peak;
  const std::int64_t decay = std::max<std::int64_t>(1, total_steps - 1 - warmup_steps);
  const double progress = std::min(1.0, static_cast<double>(step - warmup_steps) / static_cast<double>(decay));
  return floor + (peak - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace moola::learn
