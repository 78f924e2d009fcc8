#include "sweep/space/space_toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "base/config.h"
#include "base/config_value.h"
#include "base/error.h"
#include "base/nearest.h"
#include "sweep/space/constraint.h"
#include "sweep/space/parameter_toml.h"

namespace moola::sweep {
namespace {

// A table of tables is a group of parameters: train in train.lr.
bool is_group(const toml::table& table) {
  const auto is_filled = [](const auto& entry) { return entry.second.is_table() && !is_empty_table(entry.second); };
  return !table.empty() && std::ranges::all_of(table, is_filled);
}

std::optional<double> number_of(const ParameterValue& value) {
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const double* number = std::get_if<double>(&value)) return *number;
  return std::nullopt;
}

// 3 and 3.0 are one value to whoever writes them.
bool same_value(const ParameterValue& a, const ParameterValue& b) {
  const std::optional<double> x = number_of(a), y = number_of(b);
  return x && y ? *x == *y : a == b;
}

// An inner value that the distribution has.
std::optional<double> inner_value(const Distribution& distribution, const ParameterValue& value) {
  if (const auto* categorical = std::get_if<CategoricalDistribution>(&distribution)) {
    const auto at =
        std::ranges::find_if(categorical->choices, [&](const auto& each) { return same_value(each, value); });
    if (at == categorical->choices.end()) return std::nullopt;
    return static_cast<double>(at - categorical->choices.begin());
  }
  const std::optional<double> out = inner(distribution, value);
  return out && contains(distribution, *out) ? out : std::nullopt;
}

std::string values_text(const Distribution& distribution) {
  if (const auto* f = std::get_if<FloatDistribution>(&distribution)) {
    return fmt::format("numbers from {} to {}{}", f->low, f->high,
                       f->step == 0 ? "" : fmt::format(" in steps of {}", f->step));
  }
  if (const auto* i = std::get_if<IntDistribution>(&distribution)) {
    return fmt::format("integers from {} to {}{}", i->low, i->high,
                       i->step == 1 ? "" : fmt::format(" in steps of {}", i->step));
  }
  std::vector<std::string> choices;
  for (const ParameterValue& each : std::get<CategoricalDistribution>(distribution).choices)
    choices.push_back(plain_text(each));
  return fmt::format("{}", fmt::join(choices, ", "));
}

std::string nearest_choice(const Distribution& distribution, const ParameterValue& value) {
  const auto* categorical = std::get_if<CategoricalDistribution>(&distribution);
  const std::string* text = std::get_if<std::string>(&value);
  if (categorical == nullptr || text == nullptr) return "";
  std::vector<std::string> choices;
  for (const ParameterValue& each : categorical->choices) choices.push_back(plain_text(each));
  return did_you_mean(*text, choices);
}

using Definition = ParameterDefinition;

class SpaceReader {
 public:
  SpaceReader(const toml::table& table, const std::string& where) : where_(where) {
    collect(table, "");
    std::ranges::stable_sort(definitions_, {}, [](const Definition& each) {
      return std::pair(each.table->source().begin.line, each.table->source().begin.column);
    });
    for (const Definition& each : definitions_) place(each, {});
    add_constraints();
    read_points();
  }

  ConfiguredSpace take() { return std::move(out_); }

 private:
  std::string where_;
  const toml::array *constraints_ = nullptr, *enqueue_ = nullptr;
  std::vector<Definition> definitions_;
  std::set<std::string> placed_;
  std::vector<SpaceParameter> parameters_;
  ConfiguredSpace out_;

  [[noreturn]] void refuse(const toml::node& node, const std::string& name, const std::string& what) const {
    refuse_toml(node, where_, name, what);
  }

  void collect(const toml::table& table, const std::string& group) {
    for (const auto& [key, node] : table) {
      const std::string name = group.empty() ? std::string(key.str()) : fmt::format("{}.{}", group, key.str());
      if (name == "constraints" || name == "enqueue") {
        if (!node.is_array()) {
          refuse(node, name,
                 fmt::format("a list was expected, of {}, not {}. A parameter can't be called so.",
                             name == "enqueue" ? "points as [{ x = 1 }]" : "texts as [\"a < b\"]", toml_kind(node)));
        }
        (name == "enqueue" ? enqueue_ : constraints_) = node.as_array();
      } else if (!node.is_table()) {
        refuse(node, name,
               fmt::format("a table was expected, as {{ float = [0, 1] }}, {{ int = [1, 8] }} or {{ choice = "
                           "[\"a\", \"b\"] }}, not {}. A value that stays the same is {{ value = … }}.",
                           toml_kind(node)));
      } else if (is_group(*node.as_table())) {
        collect(*node.as_table(), name);
      } else {
        if (find(name) != nullptr)
          refuse(node, name, "it stands there twice, in quotes and in tables. Leave one of them.");
        definitions_.push_back(read_parameter(name, *node.as_table(), where_));
      }
    }
  }

  const Definition* find(const std::string& name) const {
    const auto found = std::ranges::find(definitions_, name, &Definition::name);
    return found == definitions_.end() ? nullptr : &*found;
  }

  // Behind its parent, which is placed first. `children` led here.
  void place(const Definition& definition, std::vector<std::string> children) {
    constexpr std::size_t kDeepest = 100;
    children.push_back(definition.name);
    if (children.size() > kDeepest)
      refuse(*definition.table, definition.name,
             fmt::format("more than {} conditions depend on each other.", kDeepest));
    if (std::ranges::find(children, definition.name) != children.end() - 1) {
      refuse(*definition.table, definition.name,
             fmt::format("its condition comes back to itself: {}. Take one of these conditions away.",
                         fmt::join(children, " needs ")));
    }
    if (placed_.contains(definition.name)) return;
    SpaceParameter parameter{definition.name, definition.distribution};
    if (definition.when) {
      const NamedNode& when = *definition.when;
      const Definition* parent = find(when.name);
      if (parent == nullptr) refuse_unknown(*when.node, definition.name, when.name, "its condition names");
      place(*parent, std::move(children));
      parameter.when = condition(definition, *parent);
    }
    placed_.insert(definition.name);
    if (definition.fixed && !parameter.when) {
      out_.fixed.push_back({definition.name, *definition.fixed});
    } else {
      parameters_.push_back(std::move(parameter));
    }
  }

  std::optional<Condition> condition(const Definition& definition, const Definition& parent) const {
    const toml::node& node = *definition.when->node;
    std::vector<const toml::node*> nodes{&node};
    if (const toml::array* list = node.as_array()) {
      nodes.clear();
      for (const toml::node& each : *list) nodes.push_back(&each);
      if (nodes.empty()) refuse(node, definition.name, fmt::format("its condition names no value of {}.", parent.name));
    }
    // A sampler would never draw the value.
    if (!is_constant(parent) && !count_of(parent.distribution)) {
      refuse(
          node, definition.name,
          fmt::format("its condition is on {}, which is any number of a range and hardly ever the one that is named. "
                      "Conditions are on choices, integers and floats with a step.",
                      parent.name));
    }
    Condition out;
    for (const toml::node* each : nodes) {
      const ParameterValue value = read_value(*each, definition.name, fmt::format("when {} =", parent.name), where_);
      const std::optional<double> inside = inner_value(parent.distribution, value);
      if (inside) out.values.push_back(*inside);
      if (inside || is_constant(parent)) continue;
      refuse(*each, definition.name,
             fmt::format("its condition says {} = {}, but the values of {} are {}.{}", parent.name, plain_text(value),
                         parent.name, values_text(parent.distribution), nearest_choice(parent.distribution, value)));
    }
    if (!is_constant(parent)) {
      out.parameter = static_cast<std::size_t>(std::ranges::find(parameters_, parent.name, &SpaceParameter::name) -
                                               parameters_.begin());
      return out;
    }
    if (!out.values.empty()) return std::nullopt;
    refuse(node, definition.name,
           fmt::format("its condition is never met, for {} is fixed to {}. Leave {} out, or make {} a choice.",
                       parent.name, plain_text(*parent.fixed), definition.name, parent.name));
  }

  // Has one value in every trial.
  bool is_constant(const Definition& definition) const {
    return std::ranges::find(out_.fixed, definition.name, &NamedValue::name) != out_.fixed.end();
  }

  [[noreturn]] void refuse_unknown(const toml::node& node, const std::string& name, const std::string& unknown,
                                   std::string_view who) const {
    std::vector<std::string> names;
    for (const Definition& each : definitions_) names.push_back(each.name);
    refuse(node, name, fmt::format("{} '{}', which is no parameter.{}", who, unknown, did_you_mean(unknown, names)));
  }

  void add_constraints() {
    std::vector<Constraint> constraints;
    if (constraints_ != nullptr) {
      for (const toml::node& each : *constraints_) {
        const auto text = each.value_exact<std::string>();
        if (!text)
          refuse(each, "constraints", fmt::format("a text was expected, as \"a < b\", not {}.", toml_kind(each)));
        naming_key(place_of(each, where_),
                   [&] { constraints.push_back(make_constraint(*text, parameters_, out_.fixed)); });
      }
    }
    naming_key(where_, [&] { out_.space = SearchSpace(std::move(parameters_), std::move(constraints)); });
  }

  void read_points() {
    if (enqueue_ == nullptr) return;
    for (const toml::node& each : *enqueue_) {
      const std::vector<NamedNode> values = each.is_table() ? leaves_of(*each.as_table()) : std::vector<NamedNode>{};
      if (values.empty())
        refuse(each, "enqueue",
               fmt::format("a point was expected, as {{ x = 1, y = 2 }}, not {}.",
                           is_empty_table(each) ? "an empty one" : toml_kind(each)));
      Point point(out_.space.size(), std::numeric_limits<double>::quiet_NaN());
      for (const NamedNode& value : values) set(point, value);
      for (const NamedNode& value : values) check_active(point, value);
      for (const Constraint& constraint : out_.space.constraints()) {
        if (!constraint.holds(point))
          refuse(each, "enqueue", fmt::format("the point is not allowed by the constraint {}.", constraint.text));
      }
      out_.enqueued.push_back(std::move(point));
    }
  }

  void set(Point& point, const NamedNode& given) const {
    const ParameterValue value = read_value(*given.node, "enqueue", given.name + " =", where_);
    const auto fixed = std::ranges::find(out_.fixed, given.name, &NamedValue::name);
    if (fixed != out_.fixed.end()) {
      if (same_value(fixed->value, value)) return;
      refuse(*given.node, "enqueue",
             fmt::format("{} is {} here, but it is fixed to {}.", given.name, plain_text(value),
                         plain_text(fixed->value)));
    }
    const std::optional<std::size_t> index = out_.space.find(given.name);
    if (!index) refuse_unknown(*given.node, "enqueue", given.name, "a point names");
    const Distribution& distribution = out_.space[*index].distribution;
    const std::optional<double> inside = inner_value(distribution, value);
    if (!inside) {
      refuse(*given.node, "enqueue",
             fmt::format("{} is {} here, but its values are {}.{}", given.name, plain_text(value),
                         values_text(distribution), nearest_choice(distribution, value)));
    }
    point[*index] = *inside;
  }

  void check_active(const Point& point, const NamedNode& given) const {
    const std::optional<std::size_t> index = out_.space.find(given.name);
    if (!index || !out_.space[*index].when) return;
    const Condition& when = *out_.space[*index].when;
    const std::string& parent = out_.space[when.parameter].name;
    if (std::isnan(point[when.parameter])) {
      refuse(
          *given.node, "enqueue",
          fmt::format("{} is given, and matters only for some values of {}: give {} too.", given.name, parent, parent));
    }
    if (!out_.space.is_active(*index, point)) {
      refuse(*given.node, "enqueue",
             fmt::format("{} is given, but does not matter where {} is {}. Leave it out.", given.name, parent,
                         plain_text(outer(out_.space[when.parameter].distribution, point[when.parameter]))));
    }
  }
};

}  // namespace

ConfiguredSpace parse_space(const toml::table& table, const std::string& where) {
  return SpaceReader(table, where).take();
}

}  // namespace moola::sweep
