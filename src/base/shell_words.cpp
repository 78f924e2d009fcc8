#include "base/shell_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "base/error.h"
#include "base/toml_text.h"

namespace moola {

std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%";
  if (word.find('\0') != std::string_view::npos) throw std::invalid_argument("a word with a zero byte in it");
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string shell_words(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

bool is_variable_name(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; };
  return !name.empty() && !is_digit(name.front()) && std::ranges::all_of(name, fits);
}

void check_words(const std::vector<std::string>& command, const std::string& key) {
  if (command.size() != 1 || command.front().find(' ') == std::string::npos) return;
  std::vector<std::string> words;
  std::istringstream in(command.front());
  for (std::string word; in >> word;) words.push_back(toml_quoted(word));
  const std::string name = key.substr(key.rfind('.') + 1);
  throw ConfigError(fmt::format(
      "{} = [{}] is one word with spaces in it; no shell takes it apart. Give each word by itself: {} = [{}].", key,
      toml_quoted(command.front()), name, fmt::join(words, ", ")));
}

}  // namespace moola
