#pragma once
#include "sweep/samplers/cma/cma_distribution.h"

namespace moola::sweep {

/// Moves the mean of a coordinate on steps, and widens its spread, so that a draw leaves the value at which the mean
/// stands with a chance of `margin` at least, on either side where there are two. Without it a coordinate stays where
/// it is once sigma is small beside its step.
///
/// Source: Hamano, Saito, Nomura, Shirakawa 2022, "CMA-ES with margin" (GECCO; arXiv 2205.13482), section 4.
struct CmaMargin {
  double mean, spread;
};
CmaMargin with_margin(const Distribution& distribution, double mean, double deviation, double spread, double margin);

}  // namespace moola::sweep
