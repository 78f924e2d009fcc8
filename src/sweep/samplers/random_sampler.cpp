#include "sweep/samplers/random_sampler.h"

#include "sweep/samplers/draws.h"

namespace moola::sweep {

std::optional<Point> RandomSampler::ask(const History& history, std::uint64_t number) {
  KeyedRandom random = draws(seed_, number, 0);
  return random_point(history.space(), random);
}

}  // namespace moola::sweep
