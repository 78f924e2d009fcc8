#include "sweep/importance/scott_density.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace moola::sweep {
namespace {

struct Grid {
  double low, high;  // of the scale that the grid is even on
  std::size_t places;
  bool log;
};

Grid grid_of(const Distribution& distribution, std::size_t most) {
  const auto on_scale = [](double low, double high, bool log, std::size_t places) {
    return Grid{log ? std::log(low) : low, log ? std::log(high) : high, std::max<std::size_t>(2, places), log};
  };
  const auto steps = [&](double low, double high, double step) {
    return std::min(static_cast<std::size_t>(std::nearbyint((high - low) / step)) + 1, most);
  };
  if (const auto* real = std::get_if<FloatDistribution>(&distribution)) {
    const std::size_t places = real->step > 0 ? steps(real->low, real->high, real->step) : most;
    return on_scale(real->low, real->high, real->log, places);
  }
  const auto& whole = std::get<IntDistribution>(distribution);
  const auto low = static_cast<double>(whole.low), high = static_cast<double>(whole.high);
  if (!whole.log) return on_scale(low, high, false, steps(low, high, static_cast<double>(whole.step)));
  const auto doublings = static_cast<std::size_t>(std::ceil(std::log(high - low + 1) / std::log(2.0)));
  return on_scale(low, high, true, std::min(doublings + 1, most));
}

// Of the standard normal distribution between a and b, from the tail's side, where differences keep their digits.
double normal_mass(double a, double b) {
  constexpr double kRoot = std::numbers::sqrt2;
  if (a > 0) return 0.5 * (std::erfc(a / kRoot) - std::erfc(b / kRoot));
  if (b < 0) return 0.5 * (std::erfc(-b / kRoot) - std::erfc(-a / kRoot));
  return 0.5 * (std::erf(b / kRoot) - std::erf(a / kRoot));
}

double scott_width(std::span<const double> places, std::span<const double> counts) {
  // Nine tenths of the narrowest lie in one place.
  constexpr double kNarrowest = 0.5 / 1.64;
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  const double mean = std::inner_product(places.begin(), places.end(), counts.begin(), 0.0) / all;
  double squares = 0;
  for (std::size_t i = 0; i < places.size(); ++i) squares += counts[i] * (places[i] - mean) * (places[i] - mean);
  const double deviation = std::sqrt(squares / std::max(1.0, all - 1));
  std::vector<double> below(counts.size());
  std::partial_sum(counts.begin(), counts.end(), below.begin());
  const auto lower = std::ranges::lower_bound(below, std::floor(all / 4)) - below.begin();
  const auto upper = std::min(std::ranges::upper_bound(below, std::floor(all * 3 / 4)) - below.begin(),
                              static_cast<std::ptrdiff_t>(places.size()) - 1);
  const double quartiles = places[static_cast<std::size_t>(upper)] - places[static_cast<std::size_t>(lower)];
  return std::max(kNarrowest, 1.059 * std::min(quartiles / 1.34, deviation) * std::pow(all, -0.2));
}

}  // namespace

std::vector<double> grid_counts(const Distribution& distribution, std::span<const double> values, std::size_t places) {
  if (const auto* choices = std::get_if<CategoricalDistribution>(&distribution)) {
    std::vector<double> out(choices->choices.size(), 0);
    for (const double value : values)
      ++out[static_cast<std::size_t>(std::clamp(value, 0.0, static_cast<double>(out.size() - 1)))];
    return out;
  }
  const Grid grid = grid_of(distribution, places);
  std::vector<double> out(grid.places, 0);
  const double step = (grid.high - grid.low) / static_cast<double>(grid.places - 1);
  for (const double value : values) {
    // In the middle of two it is the lower one.
    const double place = std::ceil(((grid.log ? std::log(value) : value) - grid.low) / step - 0.5);
    ++out[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(grid.places - 1)))];
  }
  return out;
}

std::vector<double> scott_density(std::span<const double> counts, bool are_choices) {
  constexpr double kPriorWeight = 1;
  std::vector<double> places, weights;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] <= 0) continue;
    places.push_back(static_cast<double>(i));
    weights.push_back(counts[i]);
  }
  const auto size = static_cast<double>(counts.size());
  if (places.empty()) return std::vector<double>(counts.size(), 1 / size);
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0) + kPriorWeight;
  std::vector<double> out(counts.size(), 0);
  if (are_choices) {
    // A kernel is a 1 at its choice and the prior's weight spread over as many kernels as there are; the prior's kernel
    // is even.
    const double spread = kPriorWeight / static_cast<double>(places.size() + 1), sum = 1 + size * spread;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = ((all - kPriorWeight) * spread / sum + counts[i] / sum + kPriorWeight / size) / all;
    return out;
  }
  std::vector<double> widths(places.size(), scott_width(places, weights));
  places.push_back((size - 1) / 2);
  widths.push_back(size);
  weights.push_back(kPriorWeight);
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto at = [&](double x) { return (x - places[k]) / widths[k]; };
    const double whole = normal_mass(at(-0.5), at(size - 0.5));
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto x = static_cast<double>(i);
      out[i] += weights[k] / all * normal_mass(at(x - 0.5), at(x + 0.5)) / whole;
    }
  }
  return out;
}

}  // namespace moola::sweep
