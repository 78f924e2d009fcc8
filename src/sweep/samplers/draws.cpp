#include "sweep/samplers/draws.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "sweep/space/unit_interval.h"

namespace moola::sweep {

KeyedRandom draws(std::uint64_t seed, std::uint64_t number, std::uint64_t what) {
  return {seed, Stream::sampler, number, what};
}

Point random_point(const SearchSpace& space, KeyedRandom& random) {
  constexpr int kTries = 10'000;
  Point point(space.size());
  for (int i = 0; i < kTries; ++i) {
    for (std::size_t p = 0; p < space.size(); ++p) point[p] = from_unit(space[p].distribution, random.uniform_double());
    space.deactivate(point);
    if (space.allows(point)) return point;
  }
  std::string all;
  for (const Constraint& each : space.constraints()) all += (all.empty() ? "" : "; ") + each.text;
  throw ConfigError(
      fmt::format("none of {} random points of the search space is allowed by its constraints: {}. Widen the ranges or "
                  "the constraints.",
                  kTries, all));
}

}  // namespace moola::sweep
