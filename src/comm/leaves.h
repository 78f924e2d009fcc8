#pragma once
#include <cstdint>

namespace moola::comm {

/// Half-open range of leaves [begin, end).
struct LeafRange {
  int begin = 0, end = 0;
  int size() const { return end - begin; }
  bool operator==(const LeafRange&) const = default;
};

/// How the leaves of a step (its micro-batches) are shared: each rank owns a contiguous range, the sizes differ by one
/// at most, the longer ones first. With more ranks than leaves the last ranks own none (the short last step of an
/// epoch); `require_leaf_per_rank` refuses a whole run so.
class Leaves {
 public:
  Leaves(int leaves, int ranks);

  int count() const { return leaves_; }
  int ranks() const { return ranks_; }
  LeafRange of(int rank) const;
  /// The rank that owns a leaf. O(1).
  int owner(int leaf) const;

 private:
  int leaves_, ranks_;
};

/// Leaves of a step of `batch` samples cut into micro-batches of `microbatch`; the last may be short. Throws
/// ConfigError unless 0 < microbatch <= batch.
int leaves_of_batch(std::int64_t batch, std::int64_t microbatch);

/// Throws ConfigError that says which of ranks, batch and micro-batch to change, when some rank would have nothing to
/// do.
void require_leaf_per_rank(std::int64_t batch, std::int64_t microbatch, int ranks);

}  // namespace moola::comm
