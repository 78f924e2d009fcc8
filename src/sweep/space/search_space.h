#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/space/distribution.h"

namespace moola::sweep {

/// Inner values (distribution.h) of all parameters of a space, in its order; NaN where a parameter is not active.
using Point = std::vector<double>;

/// A parameter matters only where another one has one of these values.
struct Condition {
  std::size_t parameter = 0;        // its index in the space, below that of the one with the condition
  std::vector<double> values = {};  // inner ones
};

struct SpaceParameter {
  std::string name;
  Distribution distribution;
  std::optional<Condition> when = {};
};

/// What points must be besides; says so of the active values.
struct Constraint {
  std::string text;  // as the user wrote it
  std::function<bool(const Point&)> holds;
};

/// What is searched: parameters in the user's order, conditions and constraints among them.
class SearchSpace {
 public:
  SearchSpace() = default;
  /// Throws ConfigError for a name twice or empty, a distribution that `checked` refuses, and a condition on a later
  /// parameter or on values that it never has.
  explicit SearchSpace(std::vector<SpaceParameter> parameters, std::vector<Constraint> constraints = {});

  std::size_t size() const { return parameters_.size(); }
  const SpaceParameter& operator[](std::size_t parameter) const { return parameters_[parameter]; }
  std::span<const SpaceParameter> parameters() const { return parameters_; }
  std::span<const Constraint> constraints() const { return constraints_; }
  std::optional<std::size_t> find(std::string_view name) const;

  /// Whether any parameter has a condition.
  bool is_conditional() const { return conditional_; }
  /// Whether the parameter matters, by the values of those before it.
  bool is_active(std::size_t parameter, const Point& point) const;
  /// Makes NaN of what is not active.
  void deactivate(Point& point) const;
  /// Whether every active value is one of its distribution, every other is NaN, and all constraints hold.
  bool contains(const Point& point) const;
  /// Whether all constraints hold.
  bool allows(const Point& point) const;

  /// How many points there are when constraints are left aside, each counted once however its inactive values stand;
  /// none where a float has no step, or where there are more than 2^63.
  std::optional<std::uint64_t> count() const;

 private:
  std::vector<SpaceParameter> parameters_;
  std::vector<Constraint> constraints_;
  bool conditional_ = false;
};

/// Whether two points are the same trial: equal active values.
bool same_point(const Point& a, const Point& b);

}  // namespace moola::sweep
