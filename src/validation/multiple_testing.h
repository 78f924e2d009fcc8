#pragma once
#include <span>
#include <vector>

namespace moola::validation {

/// Chances of each result under no skill, adjusted for how many results there are, in the given order, at most 1.
/// Throws DataError for a chance outside 0 to 1. Cost O(n log n).
///
/// Holm (1979): of any false discovery, whatever depends on what.
std::vector<double> holm(std::span<const double> chances);
/// Benjamini and Hochberg (1995): of the share of false ones among discoveries, for independent results.
std::vector<double> benjamini_hochberg(std::span<const double> chances);
/// Benjamini and Yekutieli (2001): the same, whatever depends on what.
std::vector<double> benjamini_yekutieli(std::span<const double> chances);

}  // namespace moola::validation
