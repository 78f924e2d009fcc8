#pragma once
#include "sweep/samplers/sampler.h"

namespace moola::sweep {

/// Points drawn independently of all that is known.
class RandomSampler : public Sampler {
 public:
  explicit RandomSampler(std::uint64_t seed) : seed_(seed) {}

  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  std::uint64_t seed_;
};

}  // namespace moola::sweep
