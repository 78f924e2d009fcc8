#include "cluster/job/step_array.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/config_value.h"
#include "base/error.h"
#include "base/nearest.h"
#include "sweep/space/parameter_toml.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kMostElements = 100'000;

class ArrayReader {
 public:
  ArrayReader(const toml::node& node, std::string where) : where_(std::move(where)) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      refuse(node, fmt::format("a table was expected, as {{ seeds = 8 }}, not {}.", toml_kind(node)));
    const toml::node* of = nullptr;
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (name == "at_a_time") {
        out_.at_a_time = count_of(value, "at_a_time");
        continue;
      }
      static const std::vector<std::string> kForms{"list", "grid", "seeds", "at_a_time"};
      if (std::ranges::find(kForms, name) == kForms.end())
        refuse(value,
               fmt::format("'{}' is neither list, grid, seeds nor at_a_time.{}", name, did_you_mean(name, kForms)));
      if (of != nullptr) refuse(value, "one of list, grid and seeds is what it goes over; found two of them.");
      of = &value;
      if (name == "list") read_list(value);
      if (name == "grid") read_grid(value);
      if (name == "seeds") read_seeds(value);
    }
    if (of == nullptr) refuse(node, "give it what it goes over: list = [\"a\", \"b\"], grid = { … } or seeds = 8.");
    if (out_.elements.empty()) refuse(node, "it goes over nothing: give it one value or more, or leave the array out.");
    check_different(node);
  }

  StepArray take() { return std::move(out_); }

 private:
  std::string where_;
  StepArray out_;

  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const {
    sweep::refuse_toml(node, where_, "array", what);
  }

  std::int64_t count_of(const toml::node& node, const std::string& key) const {
    const auto count = node.value_exact<std::int64_t>();
    if (!count || *count < 1 || *count > static_cast<std::int64_t>(kMostElements))
      refuse(node, fmt::format("{} must be a whole number from 1 to {}, not {}.", key, kMostElements, toml_kind(node)));
    return *count;
  }

  sweep::ParameterValue value_of(const toml::node& node, const std::string& name) const {
    sweep::ParameterValue out = sweep::read_value(node, "array", name + " =", where_);
    if (std::holds_alternative<std::monostate>(out)) refuse(node, fmt::format("{} has no value.", name));
    return out;
  }

  const toml::array& list_of(const toml::node& node, const std::string& key) const {
    if (!node.is_array()) refuse(node, fmt::format("{} must be a list, not {}.", key, toml_kind(node)));
    return *node.as_array();
  }

  void read_list(const toml::node& node) {
    for (const toml::node& each : list_of(node, "list")) {
      ArrayElement element;
      if (each.is_table() && !sweep::is_empty_table(each)) {
        for (const sweep::NamedNode& leaf : in_order(*each.as_table()))
          element.emplace_back(leaf.name, value_of(*leaf.node, leaf.name));
      } else {
        element.emplace_back("element", value_of(each, "element"));
      }
      if (!out_.elements.empty()) element = ordered_as_first(std::move(element), each);
      add(std::move(element), node);
    }
  }

  ArrayElement ordered_as_first(ArrayElement element, const toml::node& node) const {
    ArrayElement out;
    for (const auto& [name, value] : out_.elements.front()) {
      const auto at = std::ranges::find(element, name, &ArrayElement::value_type::first);
      if (at != element.end()) out.push_back(std::move(*at));
    }
    if (out.size() != element.size() || out.size() != out_.elements.front().size())
      refuse(node, "its names are others than those of the first element; each must have the same.");
    return out;
  }

  void read_grid(const toml::node& node) {
    if (!node.is_table())
      refuse(node, fmt::format("grid must be a table, as {{ lr = [1e-3, 1e-4] }}, not {}.", toml_kind(node)));
    std::vector<ArrayElement> all{{}};
    for (const sweep::NamedNode& leaf : in_order(*node.as_table())) {
      const toml::array& values = list_of(*leaf.node, leaf.name);
      if (values.empty()) refuse(*leaf.node, fmt::format("{} has no value: an array over nothing.", leaf.name));
      if (all.size() * values.size() > kMostElements) refuse_size(node);
      std::vector<ArrayElement> more;
      for (const ArrayElement& element : all) {
        for (const toml::node& value : values) {
          more.push_back(element);
          more.back().emplace_back(leaf.name, value_of(value, leaf.name));
        }
      }
      all = std::move(more);
    }
    if (all.front().empty()) return;
    for (ArrayElement& each : all) add(std::move(each), node);
  }

  // As the user wrote them; TOML's own tables are sorted by name.
  static std::vector<sweep::NamedNode> in_order(const toml::table& table) {
    std::vector<sweep::NamedNode> out = sweep::leaves_of(table);
    std::ranges::stable_sort(out, {}, [](const sweep::NamedNode& each) {
      return std::pair(each.node->source().begin.line, each.node->source().begin.column);
    });
    return out;
  }

  void read_seeds(const toml::node& node) {
    if (node.is_array()) {
      for (const toml::node& each : *node.as_array()) {
        const auto seed = each.value_exact<std::int64_t>();
        if (!seed || *seed < 0) refuse(each, fmt::format("a seed is a whole number from 0, not {}.", toml_kind(each)));
        add({{"seed", *seed}}, node);
      }
      return;
    }
    const std::int64_t count = count_of(node, "seeds");
    for (std::int64_t seed = 1; seed <= count; ++seed) add({{"seed", seed}}, node);
  }

  void add(ArrayElement element, const toml::node& node) {
    if (out_.elements.size() == kMostElements) refuse_size(node);
    out_.elements.push_back(std::move(element));
  }

  [[noreturn]] void refuse_size(const toml::node& node) const {
    refuse(node, fmt::format("it has more than {} elements; cut it into several steps.", kMostElements));
  }

  void check_different(const toml::node& node) const {
    std::set<ArrayElement> seen;
    for (const ArrayElement& each : out_.elements) {
      if (seen.insert(each).second) continue;
      std::vector<std::string> values;
      for (const auto& [name, value] : each) values.push_back(fmt::format("{} = {}", name, sweep::plain_text(value)));
      refuse(node, fmt::format("{} stands in it twice.", fmt::join(values, ", ")));
    }
  }
};

}  // namespace

StepArray read_step_array(const toml::node& node, const std::string& where) {
  return ArrayReader(node, where).take();
}

}  // namespace moola::cluster
