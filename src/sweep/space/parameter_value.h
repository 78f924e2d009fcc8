#pragma once
#include <cstdint>
#include <string>
#include <variant>

namespace moola::sweep {

/// A value of a parameter as users write it: nothing, a truth value, an integer, a number, a text.
using ParameterValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// As JSON: `null`, `true`, `3`, `0.5`, `"adam"`. A number has a point or an exponent (`5.0`), so that it is read back
/// as one; NaN and infinities are the bare tokens that Python writes.
std::string json_of(const ParameterValue& value);

/// As a person or a command line says it: a text without quotes, else as JSON.
std::string plain_text(const ParameterValue& value);

/// As TOML: `{}` for nothing, which TOML has no word for.
std::string toml_text(const ParameterValue& value);

/// A double as Python's `repr` and `json` have it: the fewest digits that read back exactly, `1e-05`, `5.0`, `NaN`.
std::string json_number_text(double value);

}  // namespace moola::sweep
