#include "work/sweep/study/python_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace moola::work {
namespace {

constexpr std::array<std::string_view, 3> kSpecials{"NaN", "-Infinity", "Infinity"};

// Outside of texts nothing else begins so.
std::string quoted_specials(std::string_view line) {
  std::string out;
  bool in_text = false, escaped = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (in_text) {
      in_text = escaped || line[i] != '"';
      escaped = !escaped && line[i] == '\\';
      out += line[i];
      continue;
    }
    in_text = line[i] == '"';
    const std::string_view rest = line.substr(i);
    const auto at = std::ranges::find_if(kSpecials, [&](std::string_view word) { return rest.starts_with(word); });
    if (at == kSpecials.end()) {
      out += line[i];
    } else {
      out += fmt::format("\"{}\"", *at);
      i += at->size() - 1;
    }
  }
  return out;
}

}  // namespace

Json parse_python_json(std::string_view text, std::string_view where) {
  return parse_json(quoted_specials(text), where);
}

}  // namespace moola::work
