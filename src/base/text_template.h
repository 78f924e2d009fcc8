#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moola {

/// A text in which {NAME} stands for a value; {{ and }} are braces.
class TextTemplate {
 public:
  /// `what` begins the messages: "the word '--rate={rate}' of the command". Throws ConfigError for a name that is none
  /// of `names`, with the nearest one, and for a brace that has no other.
  TextTemplate(const std::string& text, std::span<const std::string> names, const std::string& what);

  /// With what `value` gives for each name; nothing where it gives nothing for one of them.
  std::optional<std::string> filled(
      const std::function<std::optional<std::string>(const std::string& name)>& value) const;

 private:
  struct Piece {
    std::string text;
    bool is_name = false;
  };
  std::vector<Piece> pieces_;
};

}  // namespace moola
