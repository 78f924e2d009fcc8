#pragma once
#include <span>
#include <vector>

#include "sweep/space/distribution.h"

namespace moola::sweep {

/// How many of `values`, inner ones, lie at each place of a grid over a distribution with more than one value: of a
/// range at most `places` equal stretches of its scale, of integers on a log scale about one for each doubling; of
/// choices one each. Values outside count at the nearest end.
std::vector<double> grid_counts(const Distribution& distribution, std::span<const double> values,
                                std::size_t places = 50);

/// The probability of each place of a grid by a Parzen estimator: a normal distribution, cut to the grid, at every
/// place that has counts, as wide as Scott's rule says of all of them, and one observation's weight of a wide one in
/// the middle. Of choices, which have no order, the counts with that weight spread evenly.
///
/// Cost O(n^2) of n places. Source: Scott 1992, "Multivariate Density Estimation".
std::vector<double> scott_density(std::span<const double> counts, bool are_choices);

}  // namespace moola::sweep
