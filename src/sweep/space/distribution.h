#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sweep/space/parameter_value.h"

// What a parameter may be. Inside, every value is a double, as Optuna's journal stores it: a float itself, an integer
// itself, a choice by its index. Outside it is a ParameterValue.
namespace moola::sweep {

struct FloatDistribution {
  double low = 0, high = 1;  // both ends included
  bool log = false;          // as likely per factor as per difference; low > 0
  double step = 0;           // 0: any number; else low + k step; not with log
  bool operator==(const FloatDistribution&) const = default;
};

struct IntDistribution {
  std::int64_t low = 0, high = 1;  // both ends included
  bool log = false;                // low >= 1
  std::int64_t step = 1;           // 1 with log
  bool operator==(const IntDistribution&) const = default;
};

struct CategoricalDistribution {
  std::vector<ParameterValue> choices = {};
  bool operator==(const CategoricalDistribution&) const = default;
};

using Distribution = std::variant<FloatDistribution, IntDistribution, CategoricalDistribution>;

/// With `high` on the last step, as Optuna has it. Throws ConfigError, naming `parameter`, for low > high, a number
/// that is not finite, log with low <= 0 or with a step, a step <= 0, no choice, a choice twice, integers beyond 2^53.
Distribution checked(const Distribution& distribution, std::string_view parameter);

/// How many values there are; none for a float without step.
std::optional<std::uint64_t> count_of(const Distribution& distribution);

/// Whether there is but one value.
bool is_single(const Distribution& distribution);

/// Whether it is a value of the distribution: in range, on a step (to 1e-8 of one), an index of a choice.
bool contains(const Distribution& distribution, double value);

/// The nearest value of the distribution; indices of choices are rounded.
double nearest_value(const Distribution& distribution, double value);

/// What users see of an inner value. Throws std::invalid_argument for an index of no choice.
ParameterValue outer(const Distribution& distribution, double value);

/// The inner value; none where it is not one of the distribution's type. Whether it is in range is another question.
std::optional<double> inner(const Distribution& distribution, const ParameterValue& value);

/// As Optuna writes it: {"name": "FloatDistribution", "attributes": {…}}, with its spaces and order of keys.
std::string json_of(const Distribution& distribution);

/// Reads that, and the short form {"type": "int", "low": …}. Throws DataError.
Distribution parse_distribution(std::string_view json);

/// Whether trials with `later` may stand beside trials with `first` in one study: the same kind and scale, and for
/// choices the same choices. Ranges and steps may differ. Optuna drops a parameter where this is false.
bool is_compatible(const Distribution& first, const Distribution& later);

}  // namespace moola::sweep
