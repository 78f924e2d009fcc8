#pragma once
#include <span>

namespace moola::sweep {

/// Wilcoxon's signed-rank test: the chance of differences as far above 0 as these where they are symmetric about it
/// (one-sided, "greater"). Zeros are ranked with the others and half of their ranks is counted ("zsplit").
///
/// Exact where there are at most 50 differences without ties and zeros, or at most 13 with; else by the normal
/// approximation, corrected for ties, without correction of continuity. As SciPy 1.17 does it, to 1e-12.
/// `differences`: finite, one at least. Cost O(n log n), and O(n^3) where it is exact.
/// Throws std::invalid_argument for none, or one that is not finite.
double signed_rank_p(std::span<const double> differences);

}  // namespace moola::sweep
