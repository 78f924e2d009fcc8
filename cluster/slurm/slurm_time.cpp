#include "cluster/slurm/slurm_time.h"

#include <fmt/format.h>

namespace moola::cluster {

std::string slurm_time(Duration time) {
  constexpr std::int64_t kMinute = 60'000'000'000;
  const std::int64_t minutes = (time.nanoseconds + kMinute - 1) / kMinute;
  return fmt::format("{}-{:02}:{:02}:00", minutes / 1440, minutes / 60 % 24, minutes % 60);
}

}  // namespace moola::cluster
