#pragma once
#include <vector>

#include "sweep/samplers/gp/gp_space.h"
#include "sweep/study/history.h"

namespace moola::sweep {

/// Trials that a Gaussian process learns from, in the order in which they finished.
struct GpObservations {
  GpPoints points;
  std::vector<double> losses;  // may be infinite
};

/// The first `count` complete trials that finished, and the pruned ones among them; at most `most`, of which half are
/// the best and the others the latest. See GpSampler for what their losses are.
GpObservations gp_observations(const GpSpace& space, const History& history, std::size_t count, std::size_t most);

/// Trials whose losses are not known: those that run, but for trial `number`, and the latest that failed; at most 256.
GpPoints gp_pending(const GpSpace& space, const History& history, std::uint64_t number);

}  // namespace moola::sweep
