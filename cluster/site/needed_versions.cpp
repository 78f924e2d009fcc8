#include "cluster/site/needed_versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola::cluster {

VersionNumbers version_numbers(std::string_view text) {
  VersionNumbers out;
  while (!text.empty()) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) break;
    out.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return out;
}

std::string version_text(const VersionNumbers& version) {
  return fmt::format("{}", fmt::join(version, "."));
}

VersionNumbers highest_version(const std::filesystem::path& file, std::string_view prefix) {
  std::string bytes;
  try {
    bytes = read_file(file);
  } catch (const IoError&) {
    return {};
  }
  VersionNumbers highest;
  // In a table of strings a name stands between two zero bytes.
  for (std::size_t at = bytes.find(prefix); at != std::string::npos; at = bytes.find(prefix, at + 1)) {
    const std::size_t end = bytes.find('\0', at);
    if (at == 0 || bytes[at - 1] != '\0' || end == std::string::npos || end - at > 40) continue;
    const std::string_view name = std::string_view(bytes).substr(at + prefix.size(), end - at - prefix.size());
    if (name.find_first_not_of("0123456789.") != std::string_view::npos) continue;
    highest = std::max(highest, version_numbers(name));
  }
  return highest;
}

}  // namespace moola::cluster
