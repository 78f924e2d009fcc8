#include "sweep/space/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "base/error.h"
#include "base/json.h"

namespace moola::sweep {
namespace {

template <class... F>
struct Cases : F... {
  using F::operator()...;
};
template <class... F>
Cases(F...) -> Cases<F...>;  // clang 16 does not find it by itself

constexpr double kLargestInteger = 0x1p53;
// Of a step: what rounding makes of low + k step is well within it.
constexpr double kOffStep = 1e-8;

// As decimal arithmetic would have it: 0.7, not 0.7000000000000001.
double without_rounding_noise(double value) {
  return std::strtod(fmt::format("{:.15g}", value).c_str(), nullptr);
}

FloatDistribution checked_float(FloatDistribution out, std::string_view parameter) {
  if (!std::isfinite(out.low) || !std::isfinite(out.high))
    throw ConfigError(
        fmt::format("{}: its range must have two finite ends, not {} and {}.", parameter, out.low, out.high));
  if (out.low > out.high)
    throw ConfigError(
        fmt::format("{}: the lower end {} of its range is above the upper end {}.", parameter, out.low, out.high));
  if (!std::isfinite(out.high - out.low))
    throw ConfigError(
        fmt::format("{}: the range from {} to {} is wider than a double can hold.", parameter, out.low, out.high));
  if (out.log && out.low <= 0) {
    throw ConfigError(
        fmt::format("{}: log = true needs a range above 0, and it begins at {}. Begin it at the least value that "
                    "matters, 1e-6 say.",
                    parameter, out.low));
  }
  if (out.step == 0) return out;
  if (out.log)
    throw ConfigError(
        fmt::format("{}: log = true and a step exclude each other. Leave one of the two out.", parameter));
  if (!(out.step > 0) || !std::isfinite(out.step))
    throw ConfigError(fmt::format("{}: its step must be above 0, not {}.", parameter, out.step));
  const double steps = (out.high - out.low) / out.step;
  if (steps > kLargestInteger)
    throw ConfigError(fmt::format("{}: a step of {} is too small for its range.", parameter, out.step));
  if (std::fabs(steps - std::round(steps)) > kOffStep)
    out.high = without_rounding_noise(out.low + std::floor(steps) * out.step);
  return out;
}

IntDistribution checked_int(IntDistribution out, std::string_view parameter) {
  constexpr auto largest = static_cast<std::int64_t>(kLargestInteger);
  if (out.low > out.high)
    throw ConfigError(
        fmt::format("{}: the lower end {} of its range is above the upper end {}.", parameter, out.low, out.high));
  if (out.low < -largest || out.high > largest) {
    throw ConfigError(fmt::format("{}: integers beyond 2^53 = {} are not told apart in a study; its range is {} to {}.",
                                  parameter, largest, out.low, out.high));
  }
  if (out.log && out.low < 1)
    throw ConfigError(fmt::format("{}: log = true needs a range from 1 on, and it begins at {}.", parameter, out.low));
  if (out.step < 1) throw ConfigError(fmt::format("{}: its step must be 1 or more, not {}.", parameter, out.step));
  if (out.log && out.step != 1)
    throw ConfigError(
        fmt::format("{}: log = true and a step exclude each other. Leave one of the two out.", parameter));
  out.high = out.low + (out.high - out.low) / out.step * out.step;
  return out;
}

CategoricalDistribution checked_choices(const CategoricalDistribution& out, std::string_view parameter) {
  if (out.choices.empty()) throw ConfigError(fmt::format("{}: it has no choice. Name one at least.", parameter));
  for (auto at = out.choices.begin(); at != out.choices.end(); ++at) {
    if (std::find(out.choices.begin(), at, *at) != at)
      throw ConfigError(fmt::format("{}: the choice {} stands there twice.", parameter, json_of(*at)));
  }
  return out;
}

double on_step(double value, double low, double high, double step) {
  return std::clamp(low + std::round((value - low) / step) * step, low, high);
}

template <class T>
T attribute(const Json& attributes, const char* key, std::string_view json) {
  const auto at = attributes.find(key);
  if (at != attributes.end()) {
    if constexpr (std::is_same_v<T, bool>) {
      if (at->is_boolean()) return at->template get<bool>();
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      if (at->is_number()) {
        const double number = at->template get<double>();
        if (std::fabs(number) <= kLargestInteger && number == std::floor(number))
          return static_cast<std::int64_t>(number);
      }
    } else {
      if (at->is_number()) return at->template get<double>();
    }
  }
  throw DataError(fmt::format("the distribution {} has no fitting '{}'.", json, key));
}

ParameterValue choice_of(const Json& value, std::string_view json) {
  if (value.is_null()) return std::monostate{};
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  throw DataError(fmt::format("the distribution {} has a choice that is no number, text, truth value or null.", json));
}

}  // namespace

Distribution checked(const Distribution& distribution, std::string_view parameter) {
  return std::visit(
      Cases{[&](const FloatDistribution& d) -> Distribution { return checked_float(d, parameter); },
            [&](const IntDistribution& d) -> Distribution { return checked_int(d, parameter); },
            [&](const CategoricalDistribution& d) -> Distribution { return checked_choices(d, parameter); }},
      distribution);
}

std::optional<std::uint64_t> count_of(const Distribution& distribution) {
  using Count = std::optional<std::uint64_t>;
  return std::visit(
      Cases{[](const FloatDistribution& d) -> Count {
              if (d.low == d.high) return 1;
              if (d.step == 0) return std::nullopt;
              return static_cast<std::uint64_t>(std::floor((d.high - d.low) / d.step + kOffStep)) + 1;
            },
            [](const IntDistribution& d) -> Count { return static_cast<std::uint64_t>((d.high - d.low) / d.step) + 1; },
            [](const CategoricalDistribution& d) -> Count { return d.choices.size(); }},
      distribution);
}

bool is_single(const Distribution& distribution) {
  return count_of(distribution) == 1;
}

bool contains(const Distribution& distribution, double value) {
  if (!std::isfinite(value)) return false;
  return std::visit(
      Cases{[&](const FloatDistribution& d) {
              if (value < d.low || value > d.high) return false;
              if (d.step == 0) return true;
              const double steps = (value - d.low) / d.step;
              return std::fabs(steps - std::round(steps)) < kOffStep;
            },
            [&](const IntDistribution& d) {
              return value >= static_cast<double>(d.low) && value <= static_cast<double>(d.high) &&
                     value == std::floor(value) && (static_cast<std::int64_t>(value) - d.low) % d.step == 0;
            },
            [&](const CategoricalDistribution& d) {
              return value >= 0 && value < static_cast<double>(d.choices.size()) && value == std::floor(value);
            }},
      distribution);
}

double nearest_value(const Distribution& distribution, double value) {
  return std::visit(Cases{[&](const FloatDistribution& d) {
                            return d.step == 0 ? std::clamp(value, d.low, d.high)
                                               : on_step(value, d.low, d.high, d.step);
                          },
                          [&](const IntDistribution& d) {
                            return on_step(value, static_cast<double>(d.low), static_cast<double>(d.high),
                                           static_cast<double>(d.step));
                          },
                          [&](const CategoricalDistribution& d) {
                            // Adding 0 makes 0 of the -0 that small negative numbers are rounded to.
                            return std::clamp(std::round(value), 0.0, static_cast<double>(d.choices.size() - 1)) + 0.0;
                          }},
                    distribution);
}

ParameterValue outer(const Distribution& distribution, double value) {
  return std::visit(
      Cases{[&](const FloatDistribution&) -> ParameterValue { return value; },
            [&](const IntDistribution&) -> ParameterValue { return std::llround(value); },
            [&](const CategoricalDistribution& d) -> ParameterValue {
              if (!(value >= 0 && value < static_cast<double>(d.choices.size())))
                throw std::invalid_argument(fmt::format("{} is no index of {} choices", value, d.choices.size()));
              return d.choices[static_cast<std::size_t>(value)];
            }},
      distribution);
}

std::optional<double> inner(const Distribution& distribution, const ParameterValue& value) {
  if (const auto* categorical = std::get_if<CategoricalDistribution>(&distribution)) {
    const auto at = std::ranges::find(categorical->choices, value);
    if (at == categorical->choices.end()) return std::nullopt;
    return static_cast<double>(at - categorical->choices.begin());
  }
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(&value);
  if (number == nullptr) return std::nullopt;
  if (std::holds_alternative<IntDistribution>(distribution) && *number != std::floor(*number)) return std::nullopt;
  return *number;
}

std::string json_of(const Distribution& distribution) {
  return std::visit(
      Cases{[](const FloatDistribution& d) {
              return fmt::format(
                  R"({{"name": "FloatDistribution", "attributes": {{"step": {}, "low": {}, "high": {}, "log": {}}}}})",
                  d.step == 0 ? "null" : json_number_text(d.step), json_number_text(d.low), json_number_text(d.high),
                  d.log);
            },
            [](const IntDistribution& d) {
              return fmt::format(
                  R"({{"name": "IntDistribution", "attributes": {{"log": {}, "step": {}, "low": {}, "high": {}}}}})",
                  d.log, d.step, d.low, d.high);
            },
            [](const CategoricalDistribution& d) {
              std::string choices;
              for (const ParameterValue& choice : d.choices) choices += (choices.empty() ? "" : ", ") + json_of(choice);
              return fmt::format(R"({{"name": "CategoricalDistribution", "attributes": {{"choices": [{}]}}}})",
                                 choices);
            }},
      distribution);
}

Distribution parse_distribution(std::string_view text) {
  const Json json = parse_json(text, "a distribution");
  std::string name;
  if (json.is_object() && json.contains("name") && json["name"].is_string()) name = json["name"];
  if (json.is_object() && json.contains("type") && json["type"].is_string()) name = json["type"];
  const bool is_long = json.is_object() && json.contains("attributes");
  const Json& at = is_long ? json["attributes"] : json;
  const bool has_log = at.is_object() && at.contains("log");
  const bool has_step = at.is_object() && at.contains("step") && !at["step"].is_null();
  if (name == "FloatDistribution" || name == "float") {
    return checked(FloatDistribution{.low = attribute<double>(at, "low", text),
                                     .high = attribute<double>(at, "high", text),
                                     .log = has_log && attribute<bool>(at, "log", text),
                                     .step = has_step ? attribute<double>(at, "step", text) : 0},
                   "a parameter of the journal");
  }
  if (name == "IntDistribution" || name == "int") {
    return checked(IntDistribution{.low = attribute<std::int64_t>(at, "low", text),
                                   .high = attribute<std::int64_t>(at, "high", text),
                                   .log = has_log && attribute<bool>(at, "log", text),
                                   .step = has_step ? attribute<std::int64_t>(at, "step", text) : 1},
                   "a parameter of the journal");
  }
  if ((name == "CategoricalDistribution" || name == "categorical") && at.is_object() && at.contains("choices") &&
      at["choices"].is_array()) {
    CategoricalDistribution out;
    for (const Json& choice : at["choices"]) out.choices.push_back(choice_of(choice, text));
    return out;
  }
  throw DataError(fmt::format("{} is none of Optuna's distributions: float, int or categorical.", text));
}

bool is_compatible(const Distribution& first, const Distribution& later) {
  if (first.index() != later.index()) return false;
  if (const auto* a = std::get_if<FloatDistribution>(&first)) return a->log == std::get<FloatDistribution>(later).log;
  if (const auto* a = std::get_if<IntDistribution>(&first)) return a->log == std::get<IntDistribution>(later).log;
  return first == later;
}

}  // namespace moola::sweep
