#include "base/toml.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola {

toml::table parse_toml(const std::string& text, const std::string& where) {
  try {
    return toml::parse(text, std::string_view(where));
  } catch (const toml::parse_error& error) {
    throw ConfigError(
        fmt::format("{}, line {}, is not TOML: {}.", where, error.source().begin.line, error.description()));
  }
}

}  // namespace moola
