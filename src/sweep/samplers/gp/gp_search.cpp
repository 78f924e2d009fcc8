#include "sweep/samplers/gp/gp_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "sweep/samplers/bounded_lbfgs.h"
#include "sweep/samplers/gp/gp_improvement.h"

namespace moola::sweep {
namespace {

constexpr double kNowhere = -std::numeric_limits<double>::infinity();

constexpr double kLeastVariance = 1e-12;

// What pending points leave of the variance.
double share(double variance, double left) {
  return (left + kLeastVariance) / (variance + kLeastVariance);
}

// NaN is no order; inactive values stand below all.
struct PointOrder {
  bool operator()(const Point& a, const Point& b) const {
    return std::ranges::lexicographical_compare(a, b, {}, known, known);
  }
  static double known(double x) { return std::isnan(x) ? kNowhere : x; }
};

struct Found {
  double improvement;
  std::vector<double> at;
};

class Search {
 public:
  Search(const GpSearch& search, KeyedRandom& random)
      : search_(search), space_(*search.space), random_(random), tried_(search.tried.begin(), search.tried.end()) {}

  std::optional<Point> run() {
    std::vector<Found> candidates = evaluated(drawn());
    std::ranges::stable_sort(candidates, std::greater(), &Found::improvement);
    std::vector<Found> improved;
    for (std::size_t i = 0; i < std::min(search_.starts, candidates.size()); ++i)
      improved.push_back(climbed(candidates[i]));
    candidates.insert(candidates.begin(), improved.begin(), improved.end());
    std::ranges::stable_sort(candidates, std::greater(), &Found::improvement);
    for (const Found& each : candidates) {
      Point point = space_.point(each.at);
      if (space_.space().allows(point) && !tried_.contains(point)) return point;
    }
    return std::nullopt;
  }

 private:
  const GpSearch& search_;
  const GpSpace& space_;
  KeyedRandom& random_;
  std::set<Point, PointOrder> tried_;

  bool pending() const { return search_.with_pending != search_.posterior; }

  // Coordinates of the point that these mean, if it is allowed and new.
  std::optional<std::vector<double>> admitted(std::span<const double> coordinates) const {
    const Point point = space_.point(coordinates);
    if (!space_.space().allows(point) || tried_.contains(point)) return std::nullopt;
    return space_.coordinates(point);
  }

  double drawn_value(std::size_t dimension) {
    const std::span<const double> values = space_.values(dimension);
    if (values.empty()) return random_.uniform_double();
    return values[random_.below(static_cast<std::uint32_t>(values.size()))];
  }

  std::vector<std::vector<double>> drawn() {
    std::vector<std::vector<double>> out;
    const std::size_t dimensions = space_.dimensions();
    std::vector<double> at(dimensions);
    for (std::size_t i = 0; i < search_.candidates; ++i) {
      for (std::size_t d = 0; d < dimensions; ++d) at[d] = drawn_value(d);
      if (auto kept = admitted(at)) out.push_back(std::move(*kept));
    }
    const double share = std::min(1.0, 4.0 / static_cast<double>(dimensions));
    for (std::size_t i = 0; i < search_.around && !search_.centres.empty(); ++i) {
      at = search_.centres[i % search_.centres.size()];
      const double width = std::pow(10.0, -0.5 - 2.5 * random_.uniform_double());
      const std::size_t one = random_.below(static_cast<std::uint32_t>(dimensions));
      for (std::size_t d = 0; d < dimensions; ++d) {
        const bool moves = random_.uniform_double() < share || d == one;
        const double step = random_.normal();
        if (!moves) continue;
        at[d] = space_.values(d).empty() ? std::clamp(at[d] + width * step, 0.0, 1.0) : drawn_value(d);
      }
      if (auto kept = admitted(at)) out.push_back(std::move(*kept));
    }
    return out;
  }

  std::vector<Found> evaluated(const std::vector<std::vector<double>>& all) const {
    GpPoints points(space_.categorical());
    for (const std::vector<double>& each : all) points.add(each);
    std::vector<double> mean(all.size()), variance(all.size());
    search_.posterior->predict(points, 0, mean, variance);
    std::vector<double> left = variance;
    if (pending()) search_.with_pending->predict(points, 0, mean, left);
    std::vector<Found> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
      out.push_back(
          {gp_improvement(search_.best, mean[i], variance[i]).value + std::log(share(variance[i], left[i])), all[i]});
    }
    return out;
  }

  Found climbed(Found from) const {
    constexpr int kRounds = 4;
    for (int round = 0; round < kRounds; ++round) {
      bool moved = space_.has_continuous() && climb_gradient(from);
      moved = climb_values(from) || (moved && round == 0);
      if (!moved || !space_.has_continuous()) break;
    }
    return from;
  }

  // Moves the continuous coordinates; returns whether it got higher.
  bool climb_gradient(Found& from) const {
    const Point start = space_.point(from.at);
    std::vector<double> low = from.at, high = from.at;
    for (std::size_t d = 0; d < space_.dimensions(); ++d) {
      if (!space_.values(d).empty() || std::isnan(start[space_.parameter(d)])) continue;
      low[d] = 0;
      high[d] = 1;
    }
    std::vector<double> by_mean(space_.dimensions()), by_variance(space_.dimensions()), by_left(space_.dimensions());
    const SmoothFunction objective = [&](std::span<const double> at, std::span<double> gradient) {
      const auto [mean, variance] = search_.posterior->predict(at, by_mean, by_variance);
      const GpImprovement found = gp_improvement(search_.best, mean, variance);
      for (std::size_t d = 0; d < gradient.size(); ++d)
        gradient[d] = -(found.by_mean * by_mean[d] + found.by_variance * by_variance[d]);
      if (!pending()) return -found.value;
      const double left = search_.with_pending->predict(at, by_mean, by_left).variance;
      for (std::size_t d = 0; d < gradient.size(); ++d)
        gradient[d] -= by_left[d] / (left + kLeastVariance) - by_variance[d] / (variance + kLeastVariance);
      return -found.value - std::log(share(variance, left));
    };
    const BoundedMinimum found =
        minimize_in_box(objective, from.at, low, high, {.iterations = 60, .gradient = 1e-4, .improvement = 1e-6});
    // Where constraints forbid the end of the way, as far on it as they let it.
    std::vector<double> at = found.x;
    for (int halving = 0; halving < 8; ++halving) {
      if (const auto kept = admitted(at)) {
        Found next = evaluated({*kept}).front();
        if (!(next.improvement > from.improvement)) return false;
        from = std::move(next);
        return true;
      }
      for (std::size_t d = 0; d < at.size(); ++d) at[d] = (at[d] + from.at[d]) / 2;
    }
    return false;
  }

  // Goes to the best point that differs in one coordinate of few values, as long as there is a better one.
  bool climb_values(Found& from) const {
    bool moved = false;
    while (true) {
      std::vector<std::vector<double>> neighbours;
      const Point now = space_.point(from.at);
      for (std::size_t d = 0; d < space_.dimensions(); ++d) {
        if (std::isnan(now[space_.parameter(d)])) continue;
        for (const double value : space_.values(d)) {
          if (value == from.at[d]) continue;
          std::vector<double> at = from.at;
          at[d] = value;
          if (auto kept = admitted(at)) neighbours.push_back(std::move(*kept));
        }
      }
      if (neighbours.empty()) return moved;
      const std::vector<Found> around = evaluated(neighbours);
      const Found& best = *std::ranges::max_element(around, {}, &Found::improvement);
      if (!(best.improvement > from.improvement)) return moved;
      from = best;
      moved = true;
    }
  }
};

}  // namespace

std::optional<Point> find_improvement(const GpSearch& search, KeyedRandom& random) {
  return Search(search, random).run();
}

}  // namespace moola::sweep
