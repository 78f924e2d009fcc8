#include "comm/leaves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

#include "base/error.h"

namespace moola::comm {

Leaves::Leaves(int leaves, int ranks) : leaves_(leaves), ranks_(ranks) {
  assert(leaves >= 0 && ranks >= 1);
}

LeafRange Leaves::of(int rank) const {
  const int share = leaves_ / ranks_, longer = leaves_ % ranks_;
  const int begin = rank * share + std::min(rank, longer);
  return {begin, begin + share + (rank < longer ? 1 : 0)};
}

int Leaves::owner(int leaf) const {
  assert(leaf >= 0 && leaf < leaves_);
  const int share = leaves_ / ranks_, longer = leaves_ % ranks_;
  const int in_longer = longer * (share + 1);
  return leaf < in_longer ? leaf / (share + 1) : longer + (leaf - in_longer) / share;
}

int leaves_of_batch(std::int64_t batch, std::int64_t microbatch) {
  if (microbatch < 1 || batch < microbatch) {
    throw ConfigError(
        fmt::format("a batch of {} windows cannot be cut into micro-batches of {}: train.batch must be at least "
                    "parallel.microbatch, and that at least 1. "
                    "Set parallel.microbatch to {} or less.",
                    batch, microbatch, std::max<std::int64_t>(batch, 1)));
  }
  const std::int64_t leaves = (batch + microbatch - 1) / microbatch;
  if (leaves > std::numeric_limits<int>::max() / 2) {
    throw ConfigError(
        fmt::format("a batch of {} windows in micro-batches of {} makes {} of them; set a larger parallel.microbatch",
                    batch, microbatch, leaves));
  }
  return static_cast<int>(leaves);
}

void require_leaf_per_rank(std::int64_t batch, std::int64_t microbatch, int ranks) {
  const int leaves = leaves_of_batch(batch, microbatch);
  if (ranks <= leaves) return;
  // The largest micro-batch that still gives every rank one; none when there are more ranks than windows.
  const std::int64_t smaller = ranks <= 1 ? batch : (batch - 1) / (ranks - 1);
  const std::string cut = smaller >= 1 && leaves_of_batch(batch, smaller) >= ranks
                              ? fmt::format(", set parallel.microbatch = {}", smaller)
                              : std::string();
  throw ConfigError(
      fmt::format("{} ranks cannot share a batch of {} windows: cut into micro-batches of {} it has {} of them, and "
                  "every rank needs at least one. "
                  "Start at most {} ranks (--ranks {}){}, or set train.batch = {} or more.",
                  ranks, batch, microbatch, leaves, leaves, leaves, cut, microbatch * ranks));
}

}  // namespace moola::comm
