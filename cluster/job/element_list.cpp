#include "cluster/job/element_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace moola::cluster {
namespace {

constexpr std::size_t kMost = 100'000;

[[noreturn]] void refuse(std::string_view text) {
  throw ConfigError(fmt::format(
      "'{}' are no elements: numbers from 0 and ranges of them were expected, such as 7 or 0-3,12 or 0-8:2.", text));
}

std::size_t number(std::string_view word, std::string_view text) {
  std::size_t value = 0;
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (wrong != std::errc() || end != word.data() + word.size() || value > 1'000'000'000) refuse(text);
  return value;
}

}  // namespace

std::string element_list_text(const std::vector<std::size_t>& elements) {
  std::string out;
  for (std::size_t i = 0; i < elements.size();) {
    // As many as have one distance; a pair is written as two numbers unless they are neighbours.
    std::size_t end = i + 1;
    const std::size_t step = end < elements.size() ? elements[end] - elements[i] : 1;
    while (end < elements.size() && elements[end] - elements[end - 1] == step) ++end;
    if (step > 1 && end - i < 3) end = i + 1;
    if (!out.empty()) out += ',';
    out += std::to_string(elements[i]);
    if (end - i > 1) out += fmt::format("-{}", elements[end - 1]);
    if (end - i > 1 && step > 1) out += fmt::format(":{}", step);
    i = end;
  }
  return out;
}

std::vector<std::size_t> parse_element_list(std::string_view text) {
  std::vector<std::size_t> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    std::size_t step = 1;
    if (const std::size_t colon = part.find(':'); colon != std::string_view::npos) {
      step = number(part.substr(colon + 1), text);
      part = part.substr(0, colon);
      if (step == 0 || part.find('-') == std::string_view::npos) refuse(text);
    }
    const std::size_t dash = part.find('-');
    const std::size_t first = number(part.substr(0, dash), text);
    const std::size_t last = dash == std::string_view::npos ? first : number(part.substr(dash + 1), text);
    if (last < first || (last - first) / step + out.size() >= kMost) refuse(text);
    for (std::size_t i = first; i <= last; i += step) out.push_back(i);
  }
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  return out;
}

}  // namespace moola::cluster
