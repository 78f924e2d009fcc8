#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/space/search_space.h"

namespace moola::sweep {

/// So many values of a parameter, evenly from one end of its range to the other (of logarithms where it says so). A
/// parameter that has no more values than that keeps all of them.
struct GridPoints {
  std::size_t parameter = 0;
  std::size_t points = 0;
};

/// The points of a space of finitely many, numbered from 0 on, each once however its inactive values stand. Constraints
/// are left aside. Nothing is listed: a number is taken apart when it is asked for, in as many steps as there are
/// parameters and values in conditions.
class PointNumbering {
 public:
  /// `points` is for parameters that are not to have all of their values; without it every float has a step.
  /// Throws ConfigError for floats without number of points, choices with one, and more than 2^63 points.
  explicit PointNumbering(const SearchSpace& space, const std::vector<GridPoints>& points = {});

  std::uint64_t count() const { return count_; }
  /// `number` < count().
  Point point(std::uint64_t number) const;
  /// None where a value is not one of the grid, or an inactive one not NaN.
  std::optional<std::uint64_t> number(const Point& point) const;

 private:
  // A value that other parameters have in their conditions.
  struct Named {
    std::uint64_t value = 0;  // among those of the parameter
    std::uint64_t points = 1;
    std::vector<std::size_t> children = {};
  };
  struct Values {
    std::uint64_t count = 0;
    double low = 0, step = 1;
    std::vector<double> listed = {};  // where they are not low + k step
    std::vector<Named> named = {};    // by value
    std::uint64_t points = 0;         // of the parameter with all that hangs on it
  };
  const SearchSpace* space_;
  std::vector<Values> values_;
  std::vector<std::size_t> roots_;
  std::uint64_t count_ = 1;

  double value(std::size_t parameter, std::uint64_t at) const;
  std::optional<std::uint64_t> index(std::size_t parameter, double value) const;
  void hang_children(std::size_t parameter);
  void set(std::size_t parameter, std::uint64_t number, Point& point) const;
  std::optional<std::uint64_t> number_below(std::size_t parameter, const Point& point) const;
};

}  // namespace moola::sweep
