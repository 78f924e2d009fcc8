#pragma once
#include <cstdint>

#include "validation/split.h"

namespace moola::validation {

/// Combinatorial purged cross-validation: every choice of `test_groups` among `groups` stretches of time is tested
/// once.
struct CombinatorialSplits {
  std::vector<RowRange> groups;
  std::vector<Split> splits = {};  // in lexicographic order of their groups
  std::vector<std::vector<std::size_t>> paths =
      {};  // (paths, groups): the split whose prediction of a group a path takes
};

/// C(groups, test_groups): how many splits there are. 0 where that is more than 64 bits hold.
std::uint64_t count_combinations(std::size_t groups, std::size_t test_groups);

/// The j-th split that tests a group gives path j that group, so that every path holds each group once, and each
/// prediction is used once. A test range per group, also where two are neighbours; they are purged as one block.
///
/// Cost O(n), and per split O(groups + rows whose labels reach into a test block). Throws ConfigError for groups that
/// leave nothing to train on, for more than 100,000 splits, and as time_groups; DataError as check_intervals.
/// Source: Lopez de Prado, Advances in Financial Machine Learning, 12.4.
CombinatorialSplits combinatorial_splits(const LabelIntervals& intervals, std::size_t groups, std::size_t test_groups,
                                         const PurgeOptions& options);

}  // namespace moola::validation
