#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/toml.h"
#include "sweep/space/distribution.h"

// One parameter of a search space as TOML (space_toml.h).
namespace moola::sweep {

/// A value by its dotted name.
struct NamedNode {
  std::string name;
  const toml::node* node;
};

struct ParameterDefinition {
  std::string name;
  const toml::table* table;
  Distribution distribution = {};  // of a fixed value: that choice alone
  std::optional<ParameterValue> fixed = {};
  std::optional<NamedNode> when = {};  // the parent's name, and its value or a list of them
};

/// Reads { float = [0, 1], … }. Throws ConfigError.
ParameterDefinition read_parameter(const std::string& name, const toml::table& table, const std::string& where);

/// What stands for a value: a number but NaN, a text, a truth value, and {} for none. `key` begins the message of the
/// ConfigError for anything else.
ParameterValue read_value(const toml::node& node, const std::string& name, std::string_view key,
                          const std::string& where);

/// What is not a table, or an empty one, in a table and the tables in it.
std::vector<NamedNode> leaves_of(const toml::table& table);

bool is_empty_table(const toml::node& node);

/// "{where}, line 3", without the line where it is not known.
std::string place_of(const toml::node& node, const std::string& where);

/// Throws ConfigError: the place, `name`, what is wrong.
[[noreturn]] void refuse_toml(const toml::node& node, const std::string& where, const std::string& name,
                              const std::string& what);

}  // namespace moola::sweep
