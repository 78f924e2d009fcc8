#pragma once
#include <optional>
#include <span>
#include <vector>

#include "base/keyed_random.h"
#include "sweep/samplers/gp/gp_posterior.h"
#include "sweep/samplers/gp/gp_space.h"

namespace moola::sweep {

/// Where the expected improvement is looked for. It counts by the share of the variance that pending points leave
/// there: next to one nothing is left, and at any distance that matters to the process all is, so that workers spread,
/// in the measure of what is known already.
struct GpSearch {
  const GpSpace* space;
  const GpPosterior* posterior;                       // after the trials that are over
  const GpPosterior* with_pending;                    // and after those that run; the same where none does
  double best;                                        // what is to be improved
  std::span<const std::vector<double>> centres = {};  // coordinates of the best points so far, around which to look
  std::span<const Point> tried = {};                  // points that must not come again
  std::size_t candidates = 2048, around = 512;        // drawn from the whole space, and around the centres
  std::size_t starts = 8;                             // candidates that are improved
};

/// The allowed point of the largest expected improvement that is found and was not tried: the best of random candidates
/// goes uphill, along gradients where the space is continuous and from value to value where it is not. None when all
/// that is found was tried.
std::optional<Point> find_improvement(const GpSearch& search, KeyedRandom& random);

}  // namespace moola::sweep
