#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_points.h"
#include "sweep/space/search_space.h"

namespace moola::sweep {

/// A search space as a Gaussian process sees it: a dimension for every parameter that has more than one value.
///
/// Numbers are where they lie in [0, 1]; choices are categories. A number that is not active lies in the middle, and a
/// choice that is not is a category of its own: that such trials differ is told by the parameter with the condition.
class GpSpace {
 public:
  explicit GpSpace(const SearchSpace& space);

  const SearchSpace& space() const { return *space_; }
  std::size_t dimensions() const { return parameters_.size(); }
  /// By dimension, for GpPoints.
  const std::vector<std::uint8_t>& categorical() const { return categorical_; }
  std::size_t parameter(std::size_t dimension) const { return parameters_[dimension]; }
  /// Coordinates of all values of a dimension, if they are few; else it is searched as if it were continuous.
  std::span<const double> values(std::size_t dimension) const { return values_[dimension]; }
  /// Whether some dimension has no list of values.
  bool has_continuous() const { return continuous_; }

  /// (dimensions)
  std::vector<double> coordinates(const Point& point) const;
  /// The nearest point; of parameters that are not active, coordinates are not looked at.
  Point point(std::span<const double> coordinates) const;

 private:
  const SearchSpace* space_;
  std::vector<std::size_t> parameters_;
  std::vector<std::uint8_t> categorical_;
  std::vector<std::vector<double>> values_;
  bool continuous_ = false;
};

}  // namespace moola::sweep
