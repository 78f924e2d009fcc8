#include "sweep/space/point_numbering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kTooMany = std::uint64_t{1} << 63;

[[noreturn]] void refuse_so_many() {
  throw ConfigError(
      "the search space has more than 2^63 points, which no grid goes through. Leave parameters out, make steps wider, "
      "or take another sampler.");
}

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out) || out > kTooMany) refuse_so_many();
  return out;
}

struct Ends {
  double low = 0, high = 0, step = 0;
  bool log = false;
};

Ends ends_of(const Distribution& distribution) {
  if (const auto* f = std::get_if<FloatDistribution>(&distribution)) return {f->low, f->high, f->step, f->log};
  if (const auto* i = std::get_if<IntDistribution>(&distribution))
    return {static_cast<double>(i->low), static_cast<double>(i->high), static_cast<double>(i->step), i->log};
  return {0, static_cast<double>(std::get<CategoricalDistribution>(distribution).choices.size() - 1), 1, false};
}

std::vector<double> evenly(const Distribution& distribution, std::size_t points) {
  const Ends ends = ends_of(distribution);
  const double low = ends.log ? std::log(ends.low) : ends.low, high = ends.log ? std::log(ends.high) : ends.high;
  std::vector<double> out;
  for (std::size_t i = 0; i < points; ++i) {
    const double share = points == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(points - 1);
    const double at = low + share * (high - low);
    // Rounding must not move the ends.
    out.push_back(i > 0 && i + 1 == points ? ends.high : nearest_value(distribution, ends.log ? std::exp(at) : at));
    if (i == 0 && points > 1) out[0] = ends.low;
  }
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

PointNumbering::PointNumbering(const SearchSpace& space, const std::vector<GridPoints>& points)
    : space_(&space), values_(space.size()) {
  for (std::size_t p = 0; p < space.size(); ++p) {
    const SpaceParameter& parameter = space[p];
    const std::optional<std::uint64_t> all = count_of(parameter.distribution);
    const auto given = std::ranges::find(points, p, &GridPoints::parameter);
    const Ends ends = ends_of(parameter.distribution);
    Values& values = values_[p];
    values.low = ends.low;
    values.step = ends.step;
    if (given != points.end()) {
      if (std::holds_alternative<CategoricalDistribution>(parameter.distribution))
        throw ConfigError(fmt::format(
            "{}: a number of grid points is for ranges, and its choices are tried one by one. Leave it out.",
            parameter.name));
      if (given->points == 0)
        throw ConfigError(fmt::format("{}: a grid needs 1 point or more of it, not 0.", parameter.name));
      if (!all || given->points < *all) values.listed = evenly(parameter.distribution, given->points);
    } else if (!all) {
      throw ConfigError(fmt::format(
          "{}: a grid goes through all of its values, and a float without step has no end of them. Give it a "
          "step, such as step = 0.1, or take a sampler that needs none.",
          parameter.name));
    }
    values.count = values.listed.empty() ? *all : values.listed.size();
  }
  // Conditions name earlier parameters, so that what hangs on a parameter is counted when its turn comes.
  for (std::size_t p = space.size(); p-- > 0;) hang_children(p);
  for (std::size_t p = 0; p < space.size(); ++p) {
    if (space[p].when) continue;
    roots_.push_back(p);
    count_ = product(count_, values_[p].points);
  }
}

void PointNumbering::hang_children(std::size_t parameter) {
  Values& values = values_[parameter];
  for (std::size_t child = parameter + 1; child < space_->size(); ++child) {
    const std::optional<Condition>& when = (*space_)[child].when;
    if (!when || when->parameter != parameter) continue;
    for (const double each : when->values) {
      const std::optional<std::uint64_t> at = index(parameter, each);
      if (!at) continue;
      auto named = std::ranges::lower_bound(values.named, *at, {}, &Named::value);
      if (named == values.named.end() || named->value != *at) named = values.named.insert(named, Named{.value = *at});
      if (!named->children.empty() && named->children.back() == child) continue;
      named->children.push_back(child);
      named->points = product(named->points, values_[child].points);
    }
  }
  values.points = values.count - values.named.size();
  for (const Named& named : values.named) {
    if (__builtin_add_overflow(values.points, named.points, &values.points) || values.points > kTooMany)
      refuse_so_many();
  }
}

double PointNumbering::value(std::size_t parameter, std::uint64_t at) const {
  const Values& values = values_[parameter];
  if (!values.listed.empty()) return values.listed[at];
  return nearest_value((*space_)[parameter].distribution, values.low + static_cast<double>(at) * values.step);
}

std::optional<std::uint64_t> PointNumbering::index(std::size_t parameter, double value) const {
  const Values& values = values_[parameter];
  if (!values.listed.empty()) {
    const auto at = std::ranges::lower_bound(values.listed, value);
    if (at == values.listed.end() || *at != value) return std::nullopt;
    return static_cast<std::uint64_t>(at - values.listed.begin());
  }
  if (!contains((*space_)[parameter].distribution, value)) return std::nullopt;
  return values.step == 0 ? 0 : static_cast<std::uint64_t>(std::llround((value - values.low) / values.step));
}

Point PointNumbering::point(std::uint64_t number) const {
  Point out(space_->size(), std::numeric_limits<double>::quiet_NaN());
  for (const std::size_t root : roots_) {
    set(root, number % values_[root].points, out);
    number /= values_[root].points;
  }
  return out;
}

void PointNumbering::set(std::size_t parameter, std::uint64_t number, Point& point) const {
  const Values& values = values_[parameter];
  for (const Named& named : values.named) {
    if (number >= named.points) {
      number -= named.points;
      continue;
    }
    point[parameter] = value(parameter, named.value);
    for (const std::size_t child : named.children) {
      set(child, number % values_[child].points, point);
      number /= values_[child].points;
    }
    return;
  }
  for (const Named& named : values.named) number += named.value <= number ? 1 : 0;
  point[parameter] = value(parameter, number);
}

std::optional<std::uint64_t> PointNumbering::number(const Point& point) const {
  std::uint64_t out = 0;
  for (std::size_t i = roots_.size(); i-- > 0;) {
    const std::optional<std::uint64_t> own = number_below(roots_[i], point);
    if (!own) return std::nullopt;
    out = out * values_[roots_[i]].points + *own;
  }
  for (std::size_t p = 0; p < point.size(); ++p) {
    if (!std::isnan(point[p]) && !space_->is_active(p, point)) return std::nullopt;
  }
  return out;
}

std::optional<std::uint64_t> PointNumbering::number_below(std::size_t parameter, const Point& point) const {
  const Values& values = values_[parameter];
  const std::optional<std::uint64_t> at = index(parameter, point[parameter]);
  if (!at) return std::nullopt;
  std::uint64_t before = 0, smaller = 0;
  for (const Named& named : values.named) {
    if (named.value == *at) {
      std::uint64_t out = 0;
      for (std::size_t i = named.children.size(); i-- > 0;) {
        const std::size_t child = named.children[i];
        const std::optional<std::uint64_t> own = number_below(child, point);
        if (!own) return std::nullopt;
        out = out * values_[child].points + *own;
      }
      return before + out;
    }
    before += named.points;
    smaller += named.value < *at ? 1 : 0;
  }
  return before + *at - smaller;
}

}  // namespace moola::sweep
