#pragma once
#include <functional>
#include <span>
#include <vector>

namespace moola::sweep {

/// The value at x, and the gradient there.
using SmoothFunction = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct BoundedSearch {
  int iterations = 100;     // at most
  int memory = 8;           // steps that the curvature is taken from
  double gradient = 1e-5;   // ends where no free component of the gradient is larger
  double improvement = 0;   // ends where a step improves by less, relative to the value and 1
  double first_step = 0.1;  // length of the first step at most, before anything is known of the curvature
};

struct BoundedMinimum {
  std::vector<double> x;
  double value;
  int evaluations;
};

/// Goes down from `start` within the box of `low` and `high`: limited-memory BFGS steps of the components that are
/// free, projected on the box, with backtracking until Armijo's condition holds (Nocedal and Wright 2006,
/// chapters 3.1, 7.2 and 16.7). Where the value is infinite or NaN a step is taken back. Cost: an evaluation or two an
/// iteration.
BoundedMinimum minimize_in_box(const SmoothFunction& function, std::vector<double> start, std::span<const double> low,
                               std::span<const double> high, const BoundedSearch& options = {});

}  // namespace moola::sweep
