#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace moola {

/// Number of insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment).
/// Cost O(|a| |b|).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that a mistyped `word` most likely meant; none when all are too far from it to be of help.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// " Did you mean 'x'?" for an error message, or an empty string.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace moola
