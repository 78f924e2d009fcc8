#include "base/text_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"

namespace moola {

TextTemplate::TextTemplate(const std::string& text, std::span<const std::string> names, const std::string& what)
    : pieces_(1) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if (text[i] == '}' && !doubled)
      throw ConfigError(fmt::format("{} has a brace too many; a brace itself is written }}}}.", what));
    if (text[i] != '{' || doubled) {
      pieces_.back().text += text[i];
      if (text[i] == '{' || text[i] == '}') ++i;
      continue;
    }
    const std::size_t close = text.find('}', i);
    if (close == std::string::npos)
      throw ConfigError(fmt::format("{} has an open brace; a brace itself is written {{{{.", what));
    const std::string name = text.substr(i + 1, close - i - 1);
    if (std::ranges::find(names, name) == names.end())
      throw ConfigError(
          fmt::format("{} names '{}', which is no parameter.{} A brace that is meant as one is written twice.", what,
                      name, did_you_mean(name, names)));
    pieces_.push_back({.text = name, .is_name = true});
    pieces_.push_back({});
    i = close;
  }
}

std::optional<std::string> TextTemplate::filled(
    const std::function<std::optional<std::string>(const std::string& name)>& value) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.is_name) {
      out += piece.text;
      continue;
    }
    const std::optional<std::string> text = value(piece.text);
    if (!text) return std::nullopt;
    out += *text;
  }
  return out;
}

}  // namespace moola
