#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sweep/space/distribution.h"

namespace moola::sweep {

/// One parameter as Parzen estimators see it: an interval of numbers, or of their logarithms, or choices.
struct ParzenAxis {
  enum class Kind { continuous, stepped, choices };
  Kind kind = Kind::continuous;
  bool log = false;
  double low = 0, high = 1, step = 0;  // as the distribution has them
  double from = 0, to = 1;             // the interval: half a step wider on both sides, of logarithms where `log`
  std::size_t choices = 0;

  double middle() const { return 0.5 * (from + to); }
  double width() const { return to - from; }
};

ParzenAxis axis_of(const Distribution& distribution);

/// Where values of the axis lie in its interval: the logarithm, or the value itself.
void place(const ParzenAxis& axis, std::span<const double> values, double* out);

/// The values of numbers of the interval, on the axis's steps, in its range.
void take_values(const ParzenAxis& axis, std::span<double> places);

/// Positions of the values in ascending order, of equal ones the first position first. Values lie in [from, to]; evenly
/// spread ones take linear time.
std::vector<std::uint32_t> ascending_order(std::span<const double> values, double from, double to);

}  // namespace moola::sweep
