#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// Finds which of many texts stand in a line, in one pass over it however many they are.
///
/// Source: Aho and Corasick 1975.
class PatternSearch {
 public:
  /// `texts`: none empty.
  explicit PatternSearch(const std::vector<std::string_view>& texts);

  /// The indices of the texts that stand in `line`, each once, ascending. Cost O(|line|).
  void find(std::string_view line, std::vector<std::uint16_t>& found) const;

 private:
  struct State {
    std::array<std::uint16_t, 256> next = {};
    std::vector<std::uint16_t> ends = {};  // texts that end here
  };
  std::vector<State> states_;
  std::vector<std::uint8_t> is_end_;  // beside the states, for it is asked for every byte
};

}  // namespace moola::cluster
