#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moola::sweep {

/// A piece of a formula.
struct Token {
  enum class Kind { number, text, name, sign, end };
  Kind kind = Kind::end;
  std::string text = {};     // of a text what it says, of a name without braces
  double number = 0;         // of a number
  std::size_t position = 0;  // byte where it begins
  bool in_braces = false;    // a name that is no word of the language
};

/// Longer ones are refused.
inline constexpr std::size_t kLongestFormula = 10'000;

/// The pieces of a formula, the end last. Throws ConfigError, with the place, for what is none.
std::vector<Token> tokens_of(std::string_view formula);

/// Throws ConfigError: the constraint, the place in it, what is wrong there.
[[noreturn]] void refuse_formula(std::string_view formula, std::size_t position, const std::string& what);

}  // namespace moola::sweep
