#include "cluster/http/retry_after.h"

#include <charconv>

namespace moola::cluster {

std::optional<std::chrono::seconds> retry_after(std::string_view header) {
  while (header.starts_with(' ')) header.remove_prefix(1);
  while (header.ends_with(' ')) header.remove_suffix(1);
  int seconds = 0;
  const auto [end, wrong] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (wrong != std::errc() || end != header.data() + header.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace moola::cluster
