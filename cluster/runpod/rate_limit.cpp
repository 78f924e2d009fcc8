#include "cluster/runpod/rate_limit.h"

#include <algorithm>
#include <charconv>

#include "base/text_ends.h"

namespace moola::cluster::runpod {
namespace {

// What stands before the next `mark`; takes it and the mark off `rest`.
std::string_view next_part(std::string_view& rest, char mark) {
  const std::size_t end = std::min(rest.find(mark), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// A whole number of seconds or requests; a year of seconds at most, so that no clock overflows.
std::optional<int> count_of(std::string_view text) {
  int value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return std::min(value, 365 * 86400);
}

}  // namespace

void RateLimit::read(std::string_view header, Clock::time_point now) {
  while (!header.empty()) {
    std::string_view window = next_part(header, ',');
    std::string_view name = next_part(window, ';');
    if (name.size() > 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    std::optional<int> left, seconds;
    while (!window.empty()) {
      const std::string_view field = next_part(window, ';');
      if (field.starts_with("r=")) left = count_of(field.substr(2));
      if (field.starts_with("t=")) seconds = count_of(field.substr(2));
    }
    if (name.empty() || name.size() > 40 || !left || !seconds) continue;
    if (*left > 0)
      used_up_until_.erase(std::string(name));
    else if (used_up_until_.size() < 16)
      used_up_until_[std::string(name)] = now + std::chrono::seconds(*seconds);
  }
}

std::optional<RateLimit::Wait> RateLimit::wait_at(Clock::time_point now) const {
  std::optional<Wait> longest;
  for (const auto& [window, until] : used_up_until_) {
    const auto length = std::chrono::ceil<std::chrono::seconds>(until - now);
    if (length.count() > 0 && (!longest || length > longest->length)) longest = Wait{length, window};
  }
  return longest;
}

}  // namespace moola::cluster::runpod
