#include "base/nearest.h"

#include <algorithm>
#include <vector>

namespace moola {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = 0, best_letters = 0;
  for (const std::string& candidate : candidates) {
    // A word that was cut short or grown long is near too, whatever its length.
    const bool part = word.size() >= 3 && candidate.size() >= 3 &&
                      (candidate.find(word) != std::string::npos || word.find(candidate) != std::string_view::npos);
    const std::size_t letters = edit_distance(word, candidate), distance = part ? 1 : letters;
    // Of several that the word is a part of, the one that has least beside it.
    if (best == nullptr || distance < best_distance || (distance == best_distance && letters < best_letters)) {
      best = &candidate;
      best_distance = distance;
      best_letters = letters;
    }
  }
  if (best == nullptr) return std::nullopt;
  const std::size_t longer = std::max(word.size(), best->size());
  // Two mistakes in a short word leave nothing of it.
  const std::size_t most = longer <= 4 ? 1 : std::max<std::size_t>(2, longer / 3);
  if (best_distance > most || best_distance >= longer) return std::nullopt;
  return *best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto found = nearest(word, candidates);
  return found ? " Did you mean '" + *found + "'?" : std::string();
}

}  // namespace moola
