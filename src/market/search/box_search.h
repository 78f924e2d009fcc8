#pragma once
#include <span>
#include <string>
#include <vector>

namespace moola::market {

/// One side of the box that a search stays in.
struct Side {
  std::string name;
  double low, high;
};

using Point = std::vector<double>;

/// Looks for the highest value of a function over a box: asks for values of some points, which can be computed in any
/// order and at once, hears them, and asks for more.
///
///     for (auto points = search.ask(); !points.empty(); points = search.ask()) search.tell(values_of(points));
///
/// What is asked depends on the options and on what was told alone.
class BoxSearch {
 public:
  virtual ~BoxSearch() = default;
  /// Points to be evaluated next; none when the search is over.
  virtual std::vector<Point> ask() = 0;
  /// The values of the points asked for last, in their order. NaN counts as lowest.
  virtual void tell(std::span<const double> values) = 0;
};

}  // namespace moola::market
