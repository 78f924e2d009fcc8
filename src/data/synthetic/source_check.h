#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "data/synthetic/synthetic_windows.h"
#include "data/tables/feature_table_file.h"
#include "data/windows/labelled_windows.h"

namespace moola::data {

/// The first synthetic window that is a real one, value by value, and not the one that it says: another row than its
/// source, or, made from none, one that the generator has not seen (`seen`). In words; nothing where there is none.
/// Sources must be rows of `real` or -1. Cost O(values of both).
std::optional<std::string> find_other_source(const LabelledWindows& real, const SyntheticWindows& synthetic,
                                             std::span<const FittedPart::Seen> seen);

/// How many windows are nearer to their source than to any of 20 other real windows drawn: nearly all that were made
/// from it by noise, about one in 21 where sources count other rows.
struct NearSources {
  std::size_t asked = 0, nearest = 0;
  double share() const { return asked == 0 ? 1 : static_cast<double>(nearest) / static_cast<double>(asked); }
};
/// Asks of 2,000 windows with a source at most, by the courses of their channels, whatever their level and scale.
/// Draws are keyed: the same for the same windows. Cost: 21 windows read for each that is asked of.
NearSources count_near_sources(const LabelledWindows& real, const SyntheticWindows& synthetic);

}  // namespace moola::data
