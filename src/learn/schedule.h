#pragma once
#include <cstdint>

namespace moola::learn {

enum class ScheduleKind { constant, cosine };

struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  double peak = 1e-3, floor = 1e-5;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;

  /// The learning rate of a step (counted from 0): linear from peak / warmup_steps up to the peak, then half a cosine
  /// down to the floor, which the last step reaches; or constant after the warm-up.
  double operator()(std::int64_t step) const;
};

}  // namespace moola::learn
