#include "sweep/samplers/cma/cma_distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "market/portable_log.h"
#include "sweep/samplers/draws.h"
#include "sweep/space/unit_interval.h"

namespace moola::sweep {
namespace {

enum : std::uint64_t { kProposal = 0x434d41, kElsewhere, kInactive };

// Standard normals by pairs (Marsaglia and Bray 1964): no sine, and the same bits everywhere.
class Normals {
 public:
  explicit Normals(KeyedRandom& random) : random_(&random) {}

  double next() {
    if (has_second_) {
      has_second_ = false;
      return second_;
    }
    double u = 0, v = 0, square = 0;
    do {
      u = 2 * random_->uniform_double() - 1;
      v = 2 * random_->uniform_double() - 1;
      square = u * u + v * v;
    } while (square >= 1 || square == 0);
    const double scale = std::sqrt(-2 * market::portable_log(square) / square);
    second_ = v * scale;
    has_second_ = true;
    return u * scale;
  }

 private:
  KeyedRandom* random_;
  double second_ = 0;
  bool has_second_ = false;
};

std::vector<double> draw(const SearchNormal& normal, Normals& normals) {
  const std::size_t n = normal.mean.size();
  std::vector<double> z(n), out(normal.mean);
  for (double& each : z) each = normals.next();
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += normal.shape[i * n + j] * z[j];
    out[i] += normal.sigma * sum;
  }
  return out;
}

std::vector<double> draw_inside(const CmaCoordinates& coordinates, const CmaDistribution& distribution,
                                Normals& normals) {
  const std::size_t n = coordinates.numbers.size();
  std::vector<double> x;
  const auto is_outside = [&](std::size_t i) { return !coordinates.on_steps[i] && !(x[i] >= 0 && x[i] <= 1); };
  for (std::size_t i = 0; i < 10 * n; ++i) {
    x = draw(distribution.normal, normals);
    bool inside = true;
    for (std::size_t k = 0; k < n && inside; ++k) inside = !is_outside(k);
    if (inside) return x;
  }
  for (std::size_t k = 0; k < n; ++k) {
    if (is_outside(k)) x[k] = std::clamp(x[k], 0.0, 1.0);
  }
  return x;
}

double drawn_choice(const std::vector<double>& frequencies, double uniform) {
  std::size_t at = 0;
  for (; at + 1 < frequencies.size() && uniform >= frequencies[at]; ++at) uniform -= frequencies[at];
  return static_cast<double>(at);
}

}  // namespace

CmaCoordinates::CmaCoordinates(const SearchSpace& space) {
  for (std::size_t p = 0; p < space.size(); ++p) {
    if (is_single(space[p].distribution)) continue;
    if (std::holds_alternative<CategoricalDistribution>(space[p].distribution)) {
      choices.push_back(p);
      continue;
    }
    numbers.push_back(p);
    on_steps.push_back(count_of(space[p].distribution).has_value());
  }
}

CmaProposal propose(const SearchSpace& space, const CmaCoordinates& coordinates, const CmaDistribution& distribution,
                    std::uint64_t seed, std::uint64_t number) {
  constexpr int kTries = 100;
  KeyedRandom random = draws(seed, number, kProposal);
  Normals normals(random);
  CmaProposal out;
  for (int i = 0; i < kTries; ++i) {
    out.x = draw_inside(coordinates, distribution, normals);
    out.point.assign(space.size(), 0);
    for (std::size_t p = 0; p < space.size(); ++p) {
      if (is_single(space[p].distribution)) out.point[p] = from_unit(space[p].distribution, 0.5);
    }
    for (std::size_t k = 0; k < coordinates.numbers.size(); ++k) {
      const double mean = distribution.normal.mean[k];
      const double place = coordinates.on_steps[k] ? mean + distribution.spread[k] * (out.x[k] - mean) : out.x[k];
      out.point[coordinates.numbers[k]] = from_unit(space[coordinates.numbers[k]].distribution, place);
    }
    for (std::size_t c = 0; c < coordinates.choices.size(); ++c)
      out.point[coordinates.choices[c]] = drawn_choice(distribution.frequencies[c], random.uniform_double());
    space.deactivate(out.point);
    if (space.allows(out.point)) return out;
  }
  random = draws(seed, number, kElsewhere);
  out = {.point = random_point(space, random), .x = {}, .from_space = true};
  return out;
}

std::vector<double> coordinates_of(const SearchSpace& space, const CmaCoordinates& coordinates,
                                   const CmaDistribution& distribution, const Point& point, std::uint64_t seed,
                                   std::uint64_t number) {
  KeyedRandom random = draws(seed, number, kInactive);
  Normals normals(random);
  std::vector<double> out = draw(distribution.normal, normals);
  for (std::size_t k = 0; k < out.size(); ++k) {
    const std::size_t p = coordinates.numbers[k];
    if (std::isnan(point[p])) continue;
    const double mean = distribution.normal.mean[k], place = to_unit(space[p].distribution, point[p]);
    out[k] = coordinates.on_steps[k] ? mean + (place - mean) / distribution.spread[k] : place;
  }
  return out;
}

}  // namespace moola::sweep
