#include "base/run_reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"

namespace moola {

const std::string& only_run_meant(const std::string& reference, std::span<const std::string> meant,
                                  std::vector<std::string> known, const std::string& there,
                                  const std::string& shown_by) {
  constexpr std::size_t kNamed = 5;
  if (meant.size() == 1) return meant.front();
  if (meant.empty()) {
    std::ranges::sort(known);
    const auto twice = std::ranges::unique(known);
    known.erase(twice.begin(), twice.end());
    throw ConfigError(fmt::format("there is no run '{}' in {}.{} `{}` lists them all.", reference, there,
                                  did_you_mean(reference, known), shown_by));
  }
  const auto named = meant.first(std::min(meant.size(), kNamed));
  throw ConfigError(fmt::format("'{}' can mean {} runs: {}{}. Give more of the id, or \"latest\".", reference,
                                meant.size(), fmt::join(named, ", "),
                                meant.size() > kNamed ? fmt::format(" and {} more", meant.size() - kNamed) : ""));
}

}  // namespace moola
