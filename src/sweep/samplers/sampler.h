#pragma once
#include <cstdint>
#include <optional>

#include "sweep/study/history.h"

namespace moola::sweep {

/// Decides what is tried next.
///
/// What trial `number` tries is a function of the sampler's options, the space, the number and what the history holds:
/// every draw is keyed by (seed, number), so it does not matter which process asks, and asking twice gives the same.
/// A sampler may keep what it computed from the same history between calls; it must notice when it is given another.
class Sampler {
 public:
  virtual ~Sampler() = default;
  Sampler() = default;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// A point of the history's space: on its steps, NaN where a parameter is not active, allowed by the constraints.
  /// Nothing when no point is left to try (a grid that is done). Throws ConfigError when no allowed point is found.
  virtual std::optional<Point> ask(const History& history, std::uint64_t number) = 0;
};

}  // namespace moola::sweep
