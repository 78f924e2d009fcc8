#pragma once
#include <string>

namespace moola {

/// A floating-point number as TOML writes it: the shortest form that reads back exactly, never one of an integer.
std::string toml_number(double value);

/// A text in quotes, with what TOML wants escaped.
std::string toml_quoted(const std::string& text);

/// A key as TOML writes it: bare where it may be, else in quotes.
std::string toml_key(const std::string& key);

}  // namespace moola
