#include "sweep/space/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kTooMany = std::uint64_t{1} << 63;

std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out) || out > kTooMany) return std::nullopt;
  return out;
}

void check_condition(const std::vector<SpaceParameter>& all, std::size_t at) {
  const SpaceParameter& each = all[at];
  const Condition& when = *each.when;
  if (when.parameter >= at)
    throw ConfigError(fmt::format("{}: its condition names a parameter that does not come before it.", each.name));
  const SpaceParameter& parent = all[when.parameter];
  if (when.values.empty())
    throw ConfigError(fmt::format("{}: its condition on {} names no value.", each.name, parent.name));
  for (const double value : when.values) {
    if (!contains(parent.distribution, value))
      throw ConfigError(fmt::format("{}: its condition names a value that {} never has.", each.name, parent.name));
  }
}

}  // namespace

SearchSpace::SearchSpace(std::vector<SpaceParameter> parameters, std::vector<Constraint> constraints)
    : parameters_(std::move(parameters)), constraints_(std::move(constraints)) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    SpaceParameter& each = parameters_[i];
    if (each.name.empty()) throw ConfigError("a parameter of the search space has no name.");
    if (find(each.name) != i) throw ConfigError(fmt::format("{} stands in the search space twice.", each.name));
    each.distribution = checked(each.distribution, each.name);
    if (!each.when) continue;
    check_condition(parameters_, i);
    conditional_ = true;
  }
}

std::optional<std::size_t> SearchSpace::find(std::string_view name) const {
  const auto at = std::ranges::find(parameters_, name, &SpaceParameter::name);
  if (at == parameters_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - parameters_.begin());
}

bool SearchSpace::is_active(std::size_t parameter, const Point& point) const {
  const std::optional<Condition>& when = parameters_[parameter].when;
  // A parent that is not active is NaN, and equals nothing.
  return !when || (is_active(when->parameter, point) &&
                   std::ranges::find(when->values, point[when->parameter]) != when->values.end());
}

void SearchSpace::deactivate(Point& point) const {
  if (!conditional_) return;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!is_active(i, point)) point[i] = std::numeric_limits<double>::quiet_NaN();
  }
}

bool SearchSpace::contains(const Point& point) const {
  if (point.size() != size()) return false;
  for (std::size_t i = 0; i < size(); ++i) {
    if (is_active(i, point) ? !sweep::contains(parameters_[i].distribution, point[i]) : !std::isnan(point[i]))
      return false;
  }
  return allows(point);
}

bool SearchSpace::allows(const Point& point) const {
  return std::ranges::all_of(constraints_, [&](const Constraint& each) { return each.holds(point); });
}

std::optional<std::uint64_t> SearchSpace::count() const {
  // Points below a parameter that has a certain value: the product of what its children, which matter there, add.
  const std::function<std::optional<std::uint64_t>(std::size_t)> below =
      [&](std::size_t parameter) -> std::optional<std::uint64_t> {
    const std::optional<std::uint64_t> values = count_of(parameters_[parameter].distribution);
    if (!values) return std::nullopt;
    // Values that a child names are few; all others are alike.
    std::map<double, std::uint64_t> named;
    for (std::size_t i = parameter + 1; i < size(); ++i) {
      const std::optional<Condition>& when = parameters_[i].when;
      if (!when || when->parameter != parameter) continue;
      const std::optional<std::uint64_t> child = below(i);
      if (!child) return std::nullopt;
      for (const double value : std::set<double>(when->values.begin(), when->values.end())) {
        const auto [at, fresh] = named.try_emplace(value, 1);
        const std::optional<std::uint64_t> product = times(at->second, *child);
        if (!product) return std::nullopt;
        at->second = *product;
      }
    }
    std::uint64_t sum = *values - named.size();
    for (const auto& [value, points] : named) {
      if (__builtin_add_overflow(sum, points, &sum) || sum > kTooMany) return std::nullopt;
    }
    return sum;
  };
  std::uint64_t out = 1;
  for (std::size_t i = 0; i < size(); ++i) {
    if (parameters_[i].when) continue;
    const std::optional<std::uint64_t> own = below(i);
    const std::optional<std::uint64_t> product = own ? times(out, *own) : std::nullopt;
    if (!product) return std::nullopt;
    out = *product;
  }
  return out;
}

bool same_point(const Point& a, const Point& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace moola::sweep
