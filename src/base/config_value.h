#pragma once
#include <string>

#include "base/config.h"
#include "base/toml.h"

namespace moola {

/// Takes a TOML value into a field; false when the types do not fit. Throws ConfigError for a text that is no Duration.
bool assign_config(const ConfigKey::Target& target, const toml::node& node);

/// What the field holds, as TOML.
std::string config_text(const ConfigKey::Target& target);

/// What an error message says of a value of the wrong type: `the text "10"`, `a list`.
std::string toml_kind(const toml::node& node);

}  // namespace moola
