#include "base/config_value.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/toml_text.h"

namespace moola {
namespace {

template <class T, class Text>
std::string list_text(const std::vector<T>& values, Text text) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ", ") + text(values[i]);
  return out + "]";
}

// Takes a list into a field, each element by `read`, which gives none where the type is another. A list of one may be
// written without brackets.
template <class T, class Read>
bool assign_list(const toml::node& node, std::vector<T>& field, Read&& read) {
  std::vector<T> values;
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    const std::optional<T> only = read(node);
    if (!only) return false;
    field = {*only};
    return true;
  }
  for (const toml::node& element : *list) {
    const std::optional<T> value = read(element);
    if (!value) return false;
    values.push_back(*value);
  }
  field = std::move(values);
  return true;
}

}  // namespace

bool assign_config(const ConfigKey::Target& target, const toml::node& node) {
  struct Assigner {
    const toml::node& node;
    bool operator()(bool* field) const {
      const auto value = node.value_exact<bool>();
      if (value) *field = *value;
      return value.has_value();
    }
    bool operator()(std::int64_t* field) const {
      const auto value = node.value_exact<std::int64_t>();
      if (value) *field = *value;
      return value.has_value();
    }
    bool operator()(double* field) const {
      if (!node.is_number()) return false;
      *field = *node.value<double>();
      return true;
    }
    bool operator()(std::string* field) const {
      const auto value = node.value_exact<std::string>();
      if (value) *field = *value;
      return value.has_value();
    }
    bool operator()(Duration* field) const {
      const auto value = node.value_exact<std::string>();
      if (value) *field = parse_duration(*value);
      return value.has_value();
    }
    bool operator()(std::vector<std::string>* field) const {
      return assign_list(node, *field, [](const toml::node& element) { return element.value_exact<std::string>(); });
    }
    bool operator()(std::vector<double>* field) const {
      return assign_list(node, *field, [](const toml::node& element) {
        return element.is_number() ? element.value<double>() : std::optional<double>();
      });
    }
    bool operator()(std::vector<std::int64_t>* field) const {
      return assign_list(node, *field, [](const toml::node& element) { return element.value_exact<std::int64_t>(); });
    }
  };
  return std::visit(Assigner{node}, target);
}

std::string config_text(const ConfigKey::Target& target) {
  struct Writer {
    std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
    std::string operator()(const std::int64_t* value) const { return std::to_string(*value); }
    std::string operator()(const double* value) const { return toml_number(*value); }
    std::string operator()(const std::string* value) const { return toml_quoted(*value); }
    std::string operator()(const Duration* value) const { return toml_quoted(to_string(*value)); }
    std::string operator()(const std::vector<std::string>* value) const { return list_text(*value, toml_quoted); }
    std::string operator()(const std::vector<double>* value) const { return list_text(*value, toml_number); }
    std::string operator()(const std::vector<std::int64_t>* value) const {
      return list_text(*value, [](std::int64_t element) { return std::to_string(element); });
    }
  };
  return std::visit(Writer{}, target);
}

std::string toml_kind(const toml::node& node) {
  return node.visit([](const auto& value) -> std::string {
    using Node = std::remove_cvref_t<decltype(value)>;
    if constexpr (toml::is_string<Node>) return "the text \"" + value.get() + "\"";
    if constexpr (toml::is_integer<Node>) return fmt::format("the integer {}", value.get());
    if constexpr (toml::is_floating_point<Node>) return fmt::format("the number {}", toml_number(value.get()));
    if constexpr (toml::is_boolean<Node>) return value.get() ? "true" : "false";
    if constexpr (toml::is_array<Node>) return "a list";
    if constexpr (toml::is_table<Node>) return "a table";
    return "a date or time";
  });
}

}  // namespace moola
