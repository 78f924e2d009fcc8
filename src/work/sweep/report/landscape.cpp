#include "work/sweep/report/landscape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace moola::work {
namespace {

struct Near {
  double distance = std::numeric_limits<double>::infinity();  // squared
  double value = 0;
};

}  // namespace

std::vector<double> landscape(std::span<const LandscapePoint> points, std::size_t columns, std::size_t rows,
                              double reach) {
  constexpr std::size_t kNeighbours = 8;
  // So that a point in the middle of a cell has nearly all the weight, and not an infinite one.
  constexpr double kLeast = 1e-6;
  std::vector<double> out;
  out.reserve(columns * rows);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double x = (static_cast<double>(column) + 0.5) / static_cast<double>(columns);
      const double y = (static_cast<double>(row) + 0.5) / static_cast<double>(rows);
      std::array<Near, kNeighbours> near;  // nearest first
      for (const LandscapePoint& point : points) {
        const double distance = (point.x - x) * (point.x - x) + (point.y - y) * (point.y - y);
        if (!(distance < near.back().distance)) continue;
        std::size_t at = kNeighbours - 1;
        for (; at > 0 && distance < near[at - 1].distance; --at) near[at] = near[at - 1];
        near[at] = {distance, point.value};
      }
      double sum = 0, weights = 0;
      for (const Near& each : near) {
        if (std::isinf(each.distance)) continue;
        const double weight = 1 / (each.distance + kLeast);
        sum += weight * each.value;
        weights += weight;
      }
      const bool known = near.front().distance <= reach * reach;
      out.push_back(known ? sum / weights : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return out;
}

}  // namespace moola::work
