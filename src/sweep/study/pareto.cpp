#include "sweep/study/pareto.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace moola::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Row = std::span<const double>;
using Rows = std::vector<Row>;

Rows rows_of(std::span<const double> losses, std::size_t objectives) {
  if (objectives == 0 || losses.size() % objectives != 0)
    throw std::invalid_argument("losses are not whole points of so many objectives");
  Rows out(losses.size() / objectives);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = losses.subspan(i * objectives, objectives);
  return out;
}

std::vector<std::size_t> lexicographic_order(const Rows& points) {
  std::vector<std::size_t> out(points.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::ranges::sort(out, [&](std::size_t a, std::size_t b) {
    const auto order = std::lexicographical_compare_three_way(points[a].begin(), points[a].end(), points[b].begin(),
                                                              points[b].end(), std::compare_three_way{});
    return order == 0 ? a < b : order < 0;
  });
  return out;
}

bool better_than(Row point, Row reference) {
  for (std::size_t k = 0; k < point.size(); ++k) {
    if (!(point[k] < reference[k])) return false;
  }
  return true;
}

// Points that count towards a volume.
Rows inside(const Rows& points, Row reference) {
  Rows out;
  std::ranges::copy_if(points, std::back_inserter(out), [&](Row point) { return better_than(point, reference); });
  return out;
}

double box_volume(Row point, Row reference) {
  double out = 1;
  for (std::size_t k = 0; k < point.size(); ++k) out *= reference[k] - point[k];
  return out;
}

// The corners of a region of the plane that is dominated up to a reference; grows by points.
class Staircase {
 public:
  Staircase(double x_end, double y_end) : x_end_(x_end), y_end_(y_end) {}

  // By how much the area grows.
  double add(double x, double y) {
    auto at = std::ranges::lower_bound(corners_, x, {}, &Corner::x);
    double ceiling = at == corners_.begin() ? y_end_ : std::prev(at)->y;
    if (ceiling <= y || (at != corners_.end() && at->x == x && at->y <= y)) return 0;
    const auto first = at;
    double from = x, grown = 0;
    for (; at != corners_.end() && at->y >= y; ++at) {
      grown += (at->x - from) * (ceiling - y);
      from = at->x;
      ceiling = at->y;
    }
    grown += ((at == corners_.end() ? x_end_ : at->x) - from) * (ceiling - y);
    if (first == at) {
      corners_.insert(at, {x, y});
    } else {
      *first = {x, y};
      corners_.erase(first + 1, at);
    }
    return grown;
  }

 private:
  struct Corner {
    double x, y;
  };
  double x_end_, y_end_;
  std::vector<Corner> corners_;  // x ascending, y descending
};

double volume_of(Rows points, Row reference);

double area_of(Rows& points, Row reference) {
  std::ranges::sort(points, [](Row a, Row b) { return std::pair(a[0], a[1]) < std::pair(b[0], b[1]); });
  double out = 0, ceiling = reference[1];
  for (const Row point : points) {
    if (point[1] >= ceiling) continue;
    out += (reference[0] - point[0]) * (ceiling - point[1]);
    ceiling = point[1];
  }
  return out;
}

double volume_by_slices(Rows& points, Row reference) {
  std::ranges::sort(points, [](Row a, Row b) { return a[2] < b[2]; });
  Staircase slice(reference[0], reference[1]);
  double out = 0, area = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    area += slice.add(points[i][0], points[i][1]);
    out += area * ((i + 1 < points.size() ? points[i + 1][2] : reference[2]) - points[i][2]);
  }
  return out;
}

// Of the box of `corner` what is not dominated by points in it; without a difference of large areas.
double uncovered_area(Row corner, Rows points, Row reference) {
  std::ranges::sort(points, {}, [](Row p) { return p[0]; });
  double out = 0, from = corner[0], ceiling = reference[1];
  for (const Row point : points) {
    if (point[1] >= ceiling) continue;
    out += (point[0] - from) * (ceiling - corner[1]);
    from = point[0];
    ceiling = point[1];
  }
  return out + (reference[0] - from) * (ceiling - corner[1]);
}

// Without points that others cover.
void keep_front(Rows& points) {
  std::ranges::sort(points, [](Row a, Row b) { return std::ranges::lexicographical_compare(a, b); });
  std::size_t kept = 0;
  for (const Row point : points) {
    const auto covers = [&](Row other) { return std::ranges::equal(other, point, std::less_equal{}); };
    if (std::ranges::none_of(std::span(points).first(kept), covers)) points[kept++] = point;
  }
  points.resize(kept);
}

// What `point` dominates and none of `others`.
double exclusive_volume(Row point, std::span<const Row> others, Row reference) {
  const std::size_t objectives = point.size();
  std::vector<double> limited(others.size() * objectives);
  Rows rows;
  for (std::size_t i = 0; i < others.size(); ++i) {
    const std::span<double> row = std::span(limited).subspan(i * objectives, objectives);
    for (std::size_t k = 0; k < objectives; ++k) row[k] = std::max(point[k], others[i][k]);
    rows.emplace_back(row);
  }
  if (objectives == 2) return uncovered_area(point, std::move(rows), reference);
  // Of points that are moved into one box most cover each other.
  if (objectives > 3) keep_front(rows);
  return std::max(0.0, box_volume(point, reference) - volume_of(std::move(rows), reference));
}

// Of points that are all better than the reference and finite.
double volume_of(Rows points, Row reference) {
  const std::size_t last = reference.size() - 1;
  if (points.empty()) return 0;
  if (last == 0) return reference[0] - std::ranges::min(points, {}, [](Row p) { return p[0]; })[0];
  if (last == 1) return area_of(points, reference);
  if (last == 2) return volume_by_slices(points, reference);
  // The worst in the last objective first: where it meets the others their last loss is its own, which leaves a
  // problem of one objective less.
  std::ranges::sort(points, [&](Row a, Row b) { return a[last] > b[last]; });
  Rows shorter;
  for (const Row point : points) shorter.push_back(point.first(last));
  double out = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    out += (reference[last] - points[i][last]) *
           exclusive_volume(shorter[i], std::span(shorter).subspan(i + 1), reference.first(last));
  }
  return out;
}

void check_reference(Row reference, std::size_t objectives) {
  if (reference.size() != objectives || !std::ranges::all_of(reference, [](double x) { return std::isfinite(x); }))
    throw std::invalid_argument("a reference point has one finite number per objective");
}

bool reaches_infinity(Row point, Row reference) {
  return better_than(point, reference) && std::ranges::find(point, -kInfinity) != point.end();
}

// What `point` adds to the volume of `others`; all of them finite.
double added_volume(Row point, const Rows& others, Row reference) {
  return better_than(point, reference) ? exclusive_volume(point, others, reference) : 0;
}

}  // namespace

bool dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better = better || a[k] < b[k];
  }
  return better;
}

std::vector<std::size_t> nondominated_ranks(std::span<const double> losses, std::size_t objectives,
                                            std::size_t enough) {
  const Rows points = rows_of(losses, objectives);
  std::vector<std::size_t> ranks(points.size(), 0);
  std::vector<std::vector<std::size_t>> fronts;
  // In this order no point dominates one before it, so that ranks are final at once. Of two objectives the newest of a
  // front has the least second loss, and speaks for all of it.
  const auto is_dominated = [&](const std::vector<std::size_t>& front, std::size_t at) {
    if (objectives <= 2) return dominates(points[front.back()], points[at]);
    return std::any_of(front.rbegin(), front.rend(),
                       [&](std::size_t member) { return dominates(points[member], points[at]); });
  };
  for (const std::size_t at : lexicographic_order(points)) {
    const auto front = std::ranges::partition_point(
        fronts, [&](const std::vector<std::size_t>& each) { return is_dominated(each, at); });
    ranks[at] = static_cast<std::size_t>(front - fronts.begin());
    if (front == fronts.end())
      fronts.push_back({at});
    else
      front->push_back(at);
  }
  std::size_t ranked = 0;
  for (const std::vector<std::size_t>& front : fronts) {
    if (ranked >= enough) {
      for (const std::size_t at : front) ranks[at] = kUnranked;
    }
    ranked += front.size();
  }
  return ranks;
}

std::vector<std::size_t> pareto_front(std::span<const double> losses, std::size_t objectives) {
  const Rows points = rows_of(losses, objectives);
  std::vector<std::size_t> out;
  for (const std::size_t at : lexicographic_order(points)) {
    const auto at_least_as_good = [&](std::size_t member) {
      return std::ranges::equal(points[member], points[at]) || dominates(points[member], points[at]);
    };
    const bool beaten = objectives <= 2 ? !out.empty() && at_least_as_good(out.back())
                                        : std::any_of(out.rbegin(), out.rend(), at_least_as_good);
    if (!beaten) out.push_back(at);
  }
  std::ranges::sort(out);
  return out;
}

double hypervolume(std::span<const double> losses, std::size_t objectives, std::span<const double> reference) {
  check_reference(reference, objectives);
  Rows points = inside(rows_of(losses, objectives), reference);
  if (std::ranges::any_of(points, [&](Row point) { return reaches_infinity(point, reference); })) return kInfinity;
  return volume_of(std::move(points), reference);
}

std::vector<double> hypervolume_contributions(std::span<const double> losses, std::size_t objectives,
                                              std::span<const double> reference) {
  check_reference(reference, objectives);
  const Rows points = rows_of(losses, objectives);
  std::vector<double> out(points.size(), 0);
  for (const std::size_t at : pareto_front(losses, objectives)) {
    if (!better_than(points[at], reference)) continue;
    Rows others = points;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(at));
    out[at] = reaches_infinity(points[at], reference)
                  ? kInfinity
                  : exclusive_volume(points[at], inside(others, reference), reference);
  }
  return out;
}

std::vector<std::size_t> largest_hypervolume_subset(std::span<const double> losses, std::size_t objectives,
                                                    std::span<const double> reference, std::size_t size) {
  check_reference(reference, objectives);
  const Rows points = rows_of(losses, objectives);
  size = std::min(size, points.size());
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < points.size() && out.size() < size; ++i) {
    if (reaches_infinity(points[i], reference)) out.push_back(i);
  }
  // What a point adds only shrinks while others are chosen: who was behind with an old sum needs no new one.
  struct Candidate {
    double added;
    std::size_t at, known_of;
  };
  const auto behind = [](const Candidate& a, const Candidate& b) {
    return a.added != b.added ? a.added < b.added : a.at > b.at;
  };
  std::vector<Candidate> heap;
  Rows chosen;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!reaches_infinity(points[i], reference)) heap.push_back({added_volume(points[i], chosen, reference), i, 0});
  }
  std::ranges::make_heap(heap, behind);
  while (out.size() < size && !heap.empty()) {
    std::ranges::pop_heap(heap, behind);
    Candidate& best = heap.back();
    if (best.known_of == chosen.size()) {
      out.push_back(best.at);
      if (best.added > 0) chosen.push_back(points[best.at]);
      heap.pop_back();
    } else {
      best.added = std::min(best.added, added_volume(points[best.at], chosen, reference));
      best.known_of = chosen.size();
      std::ranges::push_heap(heap, behind);
    }
  }
  return out;
}

}  // namespace moola::sweep
