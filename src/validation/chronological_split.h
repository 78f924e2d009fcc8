#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "validation/row_range.h"
#include "validation/separation.h"

namespace moola::validation {

struct ChronologicalSplit {
  std::vector<RowRange> train, val, test;
  /// Rows left out because they lie within `purge` before a later part, or because their label depends on a bar of one;
  /// and rows left out within `embargo` after an earlier part.
  std::vector<RowRange> purged = {}, embargoed = {};
};

struct ChronologicalOptions {
  double train = 0.70, val = 0.15;  // shares of the rows; the rest is test
  Separation purge = Separation::bars(60), embargo = Separation::bars(1440);
};

/// Three parts of time, one after the other, none of which knows anything of a later one.
///
/// With a = floor(train n) and b = floor((train + val) n): train is [0, a - purge), val [a + embargo, b - purge), test
/// [b + embargo, n). Separations in time are counted from the stamps of rows a and b, whatever number of rows (or of
/// symbols) lies between. Then a row goes whose label depends on the stamp of row a (or b) or a later one.
///
/// `time` (n) is sorted; `t1` (n, or empty where there are no labels): the last stamp that a row's label depends on, or
/// kNoTime where it depends on nothing. Cost O(n). Throws ConfigError for shares that make no three parts, LeakError
/// when a part would be empty, with how many rows there are and how many it takes. Source: reference factory.md 1.8.
ChronologicalSplit chronological_split(std::span<const std::int64_t> time, std::span<const std::int64_t> t1,
                                       const ChronologicalOptions& options);

}  // namespace moola::validation
