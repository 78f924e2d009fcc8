#pragma once
#include "validation/split.h"

namespace moola::validation {

/// Each of `folds` stretches of time tested once, all other rows trained on that `options` let. Two folds at least.
/// Cost O(n) and what Purger costs. Throws ConfigError as time_groups, and DataError as check_intervals.
std::vector<Split> purged_k_fold(const LabelIntervals& intervals, std::size_t folds, const PurgeOptions& options);

}  // namespace moola::validation
