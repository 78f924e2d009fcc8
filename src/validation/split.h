#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "validation/purge.h"

namespace moola::validation {

/// Rows to train on and rows to test on. What lies in neither was purged or embargoed, or is no part of this split.
struct Split {
  std::vector<RowRange> train = {}, test = {};
  std::vector<RowRange> purged = {}, embargoed = {};
  std::vector<std::size_t> groups = {};  // of time that it tests, where there are groups
  std::string fault = {};                // why it cannot be used: no row is left to train on
  std::string warning = {};              // that more than half of what could have trained was left out
};

/// A split that tests these rows, and trains on all others that `purger` lets it. Faults and warnings are said, not
/// thrown: one of many may have them.
Split split_beside(const Purger& purger, std::vector<RowRange> test, std::size_t n);

/// Throws LeakError unless the split keeps what it promises, found out another way than it was made: rows in order, in
/// range and in one part at most; and no training row whose closed interval, begun by `look_back` earlier, has a moment
/// in common with a test row's. Cost O(n log n).
void prove_split(const Split& split, const LabelIntervals& intervals, const Separation& look_back = {});

/// Says in the split what its train part cannot teach: a fault where only one class comes there, a warning where one
/// that comes elsewhere does not. `classes` (rows): which each row has, below 0 where it has none. Cost O(n).
void mark_missing_classes(Split& split, std::span<const std::int32_t> classes, std::span<const std::string> names);

/// `count` stretches of time of as many rows as can be, the first ones a row longer where it does not come out even. A
/// stamp that several rows share stays in one group: the later. Throws ConfigError where there are fewer rows (or
/// stamps) than groups.
std::vector<RowRange> time_groups(std::span<const std::int64_t> t0, std::size_t count);

}  // namespace moola::validation
