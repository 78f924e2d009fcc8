#include "sweep/samplers/bounded_lbfgs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>

namespace moola::sweep {
namespace {

using Vector = std::vector<double>;

// How x moved in a step, and how the gradient did.
struct Pair {
  Vector x, gradient;
};

double product(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// The product of components that are free alone.
double product(const Vector& a, const Vector& b, const std::vector<char>& free) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += free[i] != 0 ? a[i] * b[i] : 0.0;
  return sum;
}

// Downwards, by the curvature that the pairs show in the free components; empty where they show none.
Vector direction_of(const std::deque<Pair>& pairs, const Vector& gradient, const std::vector<char>& free) {
  Vector out(gradient.size(), 0.0), shares(pairs.size(), 0.0), curvatures(pairs.size(), 0.0);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = free[i] != 0 ? -gradient[i] : 0.0;
  double scale = 0;
  for (std::size_t at = pairs.size(); at-- > 0;) {
    curvatures[at] = product(pairs[at].x, pairs[at].gradient, free);
    const double squares = product(pairs[at].gradient, pairs[at].gradient, free);
    if (!(curvatures[at] > 1e-12 * squares)) {
      curvatures[at] = 0;
      continue;
    }
    if (scale == 0) scale = curvatures[at] / squares;
    shares[at] = product(pairs[at].x, out, free) / curvatures[at];
    for (std::size_t i = 0; i < out.size(); ++i)
      if (free[i] != 0) out[i] -= shares[at] * pairs[at].gradient[i];
  }
  if (scale == 0) return {};
  for (double& each : out) each *= scale;
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    if (curvatures[at] == 0) continue;
    const double by = shares[at] - product(pairs[at].gradient, out, free) / curvatures[at];
    for (std::size_t i = 0; i < out.size(); ++i)
      if (free[i] != 0) out[i] += by * pairs[at].x[i];
  }
  return out;
}

}  // namespace

BoundedMinimum minimize_in_box(const SmoothFunction& function, Vector start, std::span<const double> low,
                               std::span<const double> high, const BoundedSearch& options) {
  const std::size_t size = start.size();
  Vector x = std::move(start), gradient(size), next(size), next_gradient(size);
  for (std::size_t i = 0; i < size; ++i) x[i] = std::clamp(x[i], low[i], high[i]);
  double value = function(x, gradient);
  int evaluations = 1;
  std::deque<Pair> pairs;
  std::vector<char> free(size);
  for (int iteration = 0; iteration < options.iterations && std::isfinite(value); ++iteration) {
    double largest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      free[i] = !((x[i] <= low[i] && gradient[i] > 0) || (x[i] >= high[i] && gradient[i] < 0));
      if (free[i] != 0) largest = std::max(largest, std::fabs(gradient[i]));
    }
    if (!(largest > options.gradient)) break;
    Vector direction = direction_of(pairs, gradient, free);
    double slope = direction.empty() ? 0 : product(direction, gradient);
    if (!(slope < 0)) {
      pairs.clear();
      direction.assign(size, 0.0);
      const double length = std::sqrt(product(gradient, gradient, free));
      const double by = std::min(1.0, options.first_step / length);
      for (std::size_t i = 0; i < size; ++i) direction[i] = free[i] != 0 ? -by * gradient[i] : 0.0;
      slope = product(direction, gradient);
    }
    bool found = false;
    double next_value = 0;
    double step = 1;
    for (int tries = 0; tries < 25 && !found; ++tries) {
      double expected = 0;
      for (std::size_t i = 0; i < size; ++i) {
        next[i] = std::clamp(x[i] + step * direction[i], low[i], high[i]);
        expected += gradient[i] * (next[i] - x[i]);
      }
      next_value = function(next, next_gradient);
      ++evaluations;
      found = next_value <= value + 1e-4 * expected && next_value < value;
      if (found) break;
      // Where a parabola through what is known has its lowest point, within reason.
      const double parabola = -slope * step * step / (2 * (next_value - value - slope * step));
      step = std::isfinite(parabola) ? std::clamp(parabola, 0.1 * step, 0.5 * step) : 0.1 * step;
    }
    if (!found) {
      if (pairs.empty()) break;
      pairs.clear();  // once more along the gradient
      continue;
    }
    Pair pair{.x = next, .gradient = next_gradient};
    for (std::size_t i = 0; i < size; ++i) {
      pair.x[i] -= x[i];
      pair.gradient[i] -= gradient[i];
    }
    pairs.push_back(std::move(pair));
    if (pairs.size() > static_cast<std::size_t>(options.memory)) pairs.pop_front();
    const double gained = value - next_value;
    x.swap(next);
    gradient.swap(next_gradient);
    value = next_value;
    if (gained < options.improvement * std::max(1.0, std::fabs(value))) break;
  }
  return {.x = std::move(x), .value = value, .evaluations = evaluations};
}

}  // namespace moola::sweep
