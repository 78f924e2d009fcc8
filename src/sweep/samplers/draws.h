#pragma once
#include <cstdint>

#include "base/keyed_random.h"
#include "sweep/space/search_space.h"

namespace moola::sweep {

/// The draws of trial `number`; `what` parts those of one trial that must not be the same ones.
KeyedRandom draws(std::uint64_t seed, std::uint64_t number, std::uint64_t what);

/// A point drawn from the whole space, every value independently from its distribution, only active ones kept; drawn
/// again, up to 10,000 times, until the constraints allow it. Throws ConfigError when they never do, naming them.
Point random_point(const SearchSpace& space, KeyedRandom& random);

}  // namespace moola::sweep
