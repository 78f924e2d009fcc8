#include "data/windows/window_groups.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "data/windows/blacklist.h"

namespace moola::data {
namespace {

// For each window the first one with the same bars.
std::vector<std::uint64_t> first_alike(const WindowTable& table) {
  const std::uint64_t bytes = table.length * table.channels * sizeof(float);
  const auto* const x = reinterpret_cast<const char*>(table.x.data());
  std::unordered_map<std::string_view, std::uint64_t> seen;
  std::vector<std::uint64_t> first;
  for (std::uint64_t window = 0; window < table.windows; ++window)
    first.push_back(seen.emplace(std::string_view(x + window * bytes, bytes), window).first->second);
  return first;
}

}  // namespace

std::vector<std::int64_t> groups_of(const WindowTable& table) {
  // A forest in which every root is the first window of its group.
  std::vector<std::uint64_t> parent = first_alike(table);
  bool any = !table.window_ids.empty();
  for (std::uint64_t window = 0; window < table.windows; ++window) any = any || parent[window] != window;
  if (!any) return {};
  const auto root = [&](std::uint64_t window) {
    while (parent[window] != window) window = parent[window] = parent[parent[window]];
    return window;
  };
  std::unordered_map<std::string, std::uint64_t> base;
  for (std::uint64_t window = 0; window < table.window_ids.size(); ++window) {
    const std::uint64_t a = root(base.emplace(base_of(table.window_ids[window]), window).first->second);
    const std::uint64_t b = root(window);
    parent[std::max(a, b)] = std::min(a, b);
  }
  std::vector<std::int64_t> groups;
  std::unordered_map<std::uint64_t, std::int64_t> number;
  for (std::uint64_t window = 0; window < table.windows; ++window)
    groups.push_back(number.emplace(root(window), static_cast<std::int64_t>(number.size())).first->second);
  return groups;
}

std::vector<std::vector<std::uint64_t>> conflicting_labels(const WindowTable& table) {
  if (table.labels.empty()) return {};
  const std::vector<std::uint64_t> first = first_alike(table);
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> alike;
  for (std::uint64_t window = 0; window < table.windows; ++window) alike[first[window]].push_back(window);
  std::vector<std::vector<std::uint64_t>> conflicts;
  for (std::uint64_t window = 0; window < table.windows; ++window) {
    if (first[window] != window) continue;
    const std::vector<std::uint64_t>& same = alike[window];
    const bool agree =
        std::ranges::all_of(same, [&](auto other) { return table.labels[other] == table.labels[window]; });
    if (!agree) conflicts.push_back(same);
  }
  return conflicts;
}

}  // namespace moola::data
