#pragma once
#include <algorithm>
#include <cstdint>
#include <thread>

namespace moola {

/// How many threads a process uses: as many as were asked for; for 0 the cores of the host, shared among `processes` of
/// them; one at least.
inline unsigned thread_count(std::int64_t asked, int processes = 1) {
  if (asked > 0) return static_cast<unsigned>(asked);
  return std::max(1U, std::thread::hardware_concurrency() / static_cast<unsigned>(std::max(1, processes)));
}

}  // namespace moola
