#include "sweep/space/parameter_toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "base/config.h"
#include "base/config_value.h"
#include "base/error.h"
#include "base/nearest.h"

namespace moola::sweep {
namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> out{"float", "int", "choice", "value", "log", "step", "when"};
  return out;
}

std::optional<ParameterValue> value_of(const toml::node& node) {
  if (is_empty_table(node)) return std::monostate{};
  if (const auto truth = node.value_exact<bool>()) return *truth;
  if (const auto whole = node.value_exact<std::int64_t>()) return *whole;
  if (const auto text = node.value_exact<std::string>()) return *text;
  const auto number = node.value_exact<double>();
  if (number && !std::isnan(*number)) return *number;
  return std::nullopt;
}

void collect_leaves(const toml::table& table, const std::string& group, std::vector<NamedNode>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = group.empty() ? std::string(key.str()) : fmt::format("{}.{}", group, key.str());
    if (node.is_table() && !is_empty_table(node))
      collect_leaves(*node.as_table(), name, out);
    else
      out.push_back({name, &node});
  }
}

template <class T>
bool is_number(const toml::node& node) {
  return std::is_same_v<T, double> ? node.is_number() : node.is_integer();
}

class ParameterReader {
 public:
  ParameterReader(const std::string& name, const toml::table& table, const std::string& where)
      : name_(name), table_(table), where_(where) {}

  ParameterDefinition read() const {
    ParameterDefinition out{.name = name_, .table = &table_};
    const std::string kind = only_kind();
    const bool is_range = kind == "float" || kind == "int";
    for (const char* key : {"log", "step"}) {
      if (!is_range && table_.contains(key))
        refuse(table_, fmt::format("{} goes with float and int, not with {}.", key, kind));
    }
    if (kind == "float") out.distribution = read_float();
    if (kind == "int") out.distribution = read_int();
    if (kind == "choice") out.distribution = read_choices();
    if (kind == "value") {
      out.fixed = read_value(*table_.get("value"), name_, "value =", where_);
      out.distribution = CategoricalDistribution{{*out.fixed}};
    }
    naming_key(place_of(table_, where_), [&] { out.distribution = checked(out.distribution, name_); });
    if (const toml::node* when = table_.get("when")) out.when = read_condition(*when);
    return out;
  }

 private:
  const std::string& name_;
  const toml::table& table_;
  const std::string& where_;

  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const {
    refuse_toml(node, where_, name_, what);
  }

  std::string only_kind() const {
    std::vector<std::string> out;
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::ranges::find(keys(), name) == keys().end()) {
        refuse(node, fmt::format("'{}' is none of a parameter's keys, which are {}.{}", name, fmt::join(keys(), ", "),
                                 did_you_mean(name, keys())));
      }
      if (name != "log" && name != "step" && name != "when") out.push_back(name);
    }
    if (out.size() == 1) return out[0];
    refuse(table_, fmt::format("one of float, int, choice and value was expected, not {}.",
                               out.empty() ? "none" : fmt::format("{}", fmt::join(out, " and "))));
  }

  template <class T>
  std::pair<T, T> ends(const char* key, const char* type) const {
    const toml::node& node = *table_.get(key);
    const toml::array* list = node.as_array();
    if (list == nullptr || list->size() != 2 || !is_number<T>((*list)[0]) || !is_number<T>((*list)[1])) {
      const std::string found = list == nullptr            ? toml_kind(node)
                                : list->size() != 2        ? fmt::format("a list of {}", list->size())
                                : is_number<T>((*list)[0]) ? toml_kind((*list)[1])
                                                           : toml_kind((*list)[0]);
      refuse(node, fmt::format("{} takes the two ends of a range, {}, not {}.", key, type, found));
    }
    return {*(*list)[0].value<T>(), *(*list)[1].value<T>()};
  }

  bool is_log() const {
    const toml::node* node = table_.get("log");
    if (node == nullptr) return false;
    if (!node->is_boolean()) refuse(*node, fmt::format("log is true or false, not {}.", toml_kind(*node)));
    return *node->value<bool>();
  }

  template <class T>
  T step(T usual, const char* type) const {
    const toml::node* node = table_.get("step");
    if (node == nullptr) return usual;
    if (!is_number<T>(*node)) refuse(*node, fmt::format("step takes {}, not {}.", type, toml_kind(*node)));
    const T out = *node->value<T>();
    // FloatDistribution has 0 for no step; whoever writes it means something else.
    if (!(out > 0)) refuse(*node, fmt::format("its step must be above 0, not {}.", out));
    return out;
  }

  Distribution read_float() const {
    const auto [low, high] = ends<double>("float", "two numbers as [0.0, 1.0]");
    return FloatDistribution{.low = low, .high = high, .log = is_log(), .step = step<double>(0, "a number")};
  }

  Distribution read_int() const {
    const auto [low, high] = ends<std::int64_t>("int", "two integers as [1, 8]");
    return IntDistribution{.low = low, .high = high, .log = is_log(), .step = step<std::int64_t>(1, "an integer")};
  }

  Distribution read_choices() const {
    const toml::node& node = *table_.get("choice");
    const toml::array* list = node.as_array();
    if (list == nullptr)
      refuse(node, fmt::format("choice takes a list, as [\"adam\", \"sgd\"], not {}.", toml_kind(node)));
    CategoricalDistribution out;
    for (const toml::node& each : *list) out.choices.push_back(read_value(each, name_, "a choice of the list", where_));
    return out;
  }

  NamedNode read_condition(const toml::node& node) const {
    const std::vector<NamedNode> leaves = node.is_table() ? leaves_of(*node.as_table()) : std::vector<NamedNode>{};
    if (leaves.size() == 1) return leaves[0];
    refuse(node, fmt::format("when takes one parameter with its values, as {{ opt = \"sgd\" }} or {{ opt = [\"sgd\", "
                             "\"lion\"] }}, not {}. Where two matter, give one of them a condition on the other.",
                             leaves.empty() ? (is_empty_table(node) ? "none" : toml_kind(node))
                                            : fmt::format("{} of them", leaves.size())));
  }
};

}  // namespace

ParameterDefinition read_parameter(const std::string& name, const toml::table& table, const std::string& where) {
  return ParameterReader(name, table, where).read();
}

ParameterValue read_value(const toml::node& node, const std::string& name, std::string_view key,
                          const std::string& where) {
  const std::optional<ParameterValue> out = value_of(node);
  if (out) return *out;
  refuse_toml(node, where, name,
              fmt::format("{} takes a number, a text, true, false or {{}} for none, not {}.", key, toml_kind(node)));
}

std::vector<NamedNode> leaves_of(const toml::table& table) {
  std::vector<NamedNode> out;
  collect_leaves(table, "", out);
  return out;
}

bool is_empty_table(const toml::node& node) {
  return node.is_table() && node.as_table()->empty();
}

std::string place_of(const toml::node& node, const std::string& where) {
  const auto line = node.source().begin.line;
  return line == 0 ? where : fmt::format("{}, line {}", where, line);
}

void refuse_toml(const toml::node& node, const std::string& where, const std::string& name, const std::string& what) {
  throw ConfigError(fmt::format("{}: {}: {}", place_of(node, where), name, what));
}

}  // namespace moola::sweep
