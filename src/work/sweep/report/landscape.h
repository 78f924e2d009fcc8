#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace moola::work {

struct LandscapePoint {
  double x = 0, y = 0;  // in [0, 1]
  double value = 0;     // finite
};

/// What lies between measured points: at the middle of each cell of a `columns` by `rows` grid over the unit square,
/// row by row, the mean of the 8 nearest points weighted by the inverse square of their distance. NaN where no point is
/// nearer than `reach`. Nothing is fitted: it can't be below the best measured value or above the worst.
///
/// Cost O(columns * rows * points).
std::vector<double> landscape(std::span<const LandscapePoint> points, std::size_t columns, std::size_t rows,
                              double reach);

}  // namespace moola::work
