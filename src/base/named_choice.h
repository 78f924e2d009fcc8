#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola {

/// One of the values that a setting may have, and what it is called.
template <class T>
struct NamedChoice {
  std::string_view name;
  T value;
};

/// Throws ConfigError: `setting "text" is none of a, b.`, and the nearest of `names`.
[[noreturn]] void refuse_choice(std::string_view setting, std::string_view text, const std::vector<std::string>& names);

/// The value called `text`. `setting` begins the message of the ConfigError that is thrown when there is none: "touch
/// =".
template <class T, std::size_t N>
T parse_choice(std::string_view setting, std::string_view text, const std::array<NamedChoice<T>, N>& choices) {
  std::vector<std::string> names;
  for (const NamedChoice<T>& choice : choices) {
    if (choice.name == text) return choice.value;
    names.emplace_back(choice.name);
  }
  refuse_choice(setting, text, names);
}

/// What `value` is called; empty when it is none of the choices.
template <class T, std::size_t N>
std::string_view name_of(T value, const std::array<NamedChoice<T>, N>& choices) {
  for (const NamedChoice<T>& choice : choices) {
    if (choice.value == value) return choice.name;
  }
  return {};
}

}  // namespace moola
