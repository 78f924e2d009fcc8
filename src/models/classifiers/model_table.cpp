#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/nearest.h"
#include "models/classifiers/baselines.h"
#include "models/classifiers/boosted_trees.h"
#include "models/classifiers/classifier.h"
#include "models/classifiers/logistic_regression.h"
#include "models/classifiers/minirocket_classifier.h"

namespace moola::models {
namespace {

std::string kind_of(const ModelKey& key) {
  const std::string kind = key.fallback.is_boolean()          ? "true or false"
                           : key.fallback.is_string()         ? "a text"
                           : key.fallback.is_number_integer() ? "a whole number"
                                                              : "a number";
  return key.low < key.high ? fmt::format("{} from {} to {}", kind, key.low, key.high) : kind;
}

Json checked(const ModelKey& key, const Json& value, const std::string& where) {
  const auto refuse = [&]() {
    throw ConfigError(fmt::format("{} {} = {}: expected {}.", where, key.name, json_text(value), kind_of(key)));
  };
  if (key.fallback.is_boolean()) {
    if (!value.is_boolean()) refuse();
    return value;
  }
  if (key.fallback.is_string()) {
    if (!value.is_string()) refuse();
    const auto& text = value.get_ref<const std::string&>();
    if (!key.choices.empty() && std::ranges::find(key.choices, text) == key.choices.end())
      refuse_choice(fmt::format("{} {} =", where, key.name), text, key.choices);
    return value;
  }
  const bool whole = key.fallback.is_number_integer();
  if (!value.is_number() || (whole && !value.is_number_integer())) refuse();
  const auto number = value.get<double>();
  if (!std::isfinite(number) || (key.low < key.high && (number < key.low || number > key.high))) refuse();
  return whole ? Json(value.get<std::int64_t>()) : Json(number);
}

}  // namespace

std::span<const ModelKind> model_table() {
  static const std::vector<ModelKind> table{majority_model(),
                                            prior_model(),
                                            last_direction_model(),
                                            always_long_model(),
                                            logistic_regression_model(),
                                            boosted_trees_model(),
                                            minirocket_model()};
  return table;
}

const ModelKind& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const ModelKind& kind : model_table()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw ConfigError(
      fmt::format("'{}' is no model; there are {}.{}", name, fmt::join(names, ", "), did_you_mean(name, names)));
}

Json complete_parameters(const ModelKind& kind, const Json& given, const std::string& where) {
  if (!given.is_object() && !given.is_null()) {
    throw ConfigError(fmt::format("{} {}: expected the parameters of {} by name, as {{\"key\": value}}.", where,
                                  json_text(given), kind.name));
  }
  std::vector<std::string> names;
  for (const ModelKey& key : kind.keys) names.push_back(key.name);
  for (const auto& [name, value] : given.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw ConfigError(names.empty()
                          ? fmt::format("{} '{}' is no parameter of {}, which has none.", where, name, kind.name)
                          : fmt::format("{} '{}' is no parameter of {}; there are {}.{}", where, name, kind.name,
                                        fmt::join(names, ", "), did_you_mean(name, names)));
  }
  Json out = Json::object();
  for (const ModelKey& key : kind.keys)
    out[key.name] = given.contains(key.name) ? checked(key, given.at(key.name), where) : key.fallback;
  return out;
}

}  // namespace moola::models
