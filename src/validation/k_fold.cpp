#include "validation/k_fold.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::validation {

std::vector<Split> purged_k_fold(const LabelIntervals& intervals, std::size_t folds, const PurgeOptions& options) {
  if (folds < 2)
    throw ConfigError(fmt::format("{} folds: two at least are needed to train on one and test another.", folds));
  const Purger purger(intervals, options);
  const std::vector<RowRange> groups = time_groups(intervals.t0, folds);
  std::vector<Split> out;
  for (std::size_t group = 0; group < folds; ++group) {
    out.push_back(split_beside(purger, {groups[group]}, intervals.size()));
    out.back().groups = {group};
  }
  return out;
}

}  // namespace moola::validation
