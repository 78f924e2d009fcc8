#include "cluster/diagnose/pattern_search.h"

#include <algorithm>

namespace moola::cluster {

PatternSearch::PatternSearch(const std::vector<std::string_view>& texts) : states_(1) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::uint16_t at = 0;
    for (const char c : texts[i]) {
      const auto byte = static_cast<unsigned char>(c);
      if (states_[at].next[byte] == 0) {
        states_[at].next[byte] = static_cast<std::uint16_t>(states_.size());
        states_.emplace_back();
      }
      at = states_[at].next[byte];
    }
    states_[at].ends.push_back(static_cast<std::uint16_t>(i));
  }
  // Breadth first: where a text breaks off, the search goes on with the longest other that may have begun within it.
  std::vector<std::uint16_t> fallback(states_.size(), 0), queue;
  for (const std::uint16_t child : states_[0].next) {
    if (child != 0) queue.push_back(child);
  }
  for (std::size_t i = 0; i < queue.size(); ++i) {
    State& state = states_[queue[i]];
    const State& instead = states_[fallback[queue[i]]];
    state.ends.insert(state.ends.end(), instead.ends.begin(), instead.ends.end());
    for (std::size_t byte = 0; byte < 256; ++byte) {
      std::uint16_t& next = state.next[byte];
      if (next == 0) {
        next = instead.next[byte];
      } else {
        fallback[next] = instead.next[byte];
        queue.push_back(next);
      }
    }
  }
  for (const State& state : states_) is_end_.push_back(state.ends.empty() ? 0 : 1);
}

void PatternSearch::find(std::string_view line, std::vector<std::uint16_t>& found) const {
  found.clear();
  std::uint16_t at = 0;
  for (const char c : line) {
    at = states_[at].next[static_cast<unsigned char>(c)];
    if (is_end_[at] != 0) found.insert(found.end(), states_[at].ends.begin(), states_[at].ends.end());
  }
  if (found.size() < 2) return;
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

}  // namespace moola::cluster
