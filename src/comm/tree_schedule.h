#pragma once
#include <vector>

#include "comm/leaves.h"

namespace moola::comm {

/// What one rank does so that the leaves of all ranks are summed in one fixed binary tree.
///
/// The tree over leaves [lo, hi): the sum of its two halves, split at lo + the largest power of two below the count; a
/// single leaf is itself. The rank count appears nowhere in it, hence the same bits for any number of ranks.
///
/// A rank keeps a stack of partial sums. While its leaves arrive in order it does `merges_after`: whole subtrees inside
/// the rank, at most about log2(leaves) of them open at once. What is left on the stack are the pieces, bottom first,
/// that join with those of other ranks in `rounds`. All messages of a round may be under way at once on all ranks;
/// between two ranks they match in the order they are listed. At the end slot 0 of rank 0 holds the total.
struct TreeSchedule {
  /// After pushing the rank's i-th leaf, how often the top of the stack is added into the one below it and dropped.
  std::vector<int> merges_after;
  /// Pieces left on the stack after the last leaf, in slots 0 … pieces-1.
  int pieces = 0;
  /// Most slots of the stack in use at once.
  int deepest = 0;

  struct Message {
    int peer;  // the rank it goes to or comes from
    int slot;  // the slot that is sent; or the number of the buffer it is received into, counted from 0 in each round
    bool operator==(const Message&) const = default;
  };
  struct Addition {
    int into;  // slot
    int from;  // slot, or with `received` a buffer of this round
    bool received;
    bool operator==(const Addition&) const = default;
  };
  struct Round {
    std::vector<Message> sends, receives;
    std::vector<Addition> additions;  // after all messages of the round, in this order
    bool empty() const { return sends.empty() && receives.empty() && additions.empty(); }
  };
  std::vector<Round> rounds;

  /// Most receive buffers any round needs.
  int most_received() const;
};

/// The schedule of `rank`. A pure function. Cost O(leaves).
TreeSchedule tree_schedule(const Leaves& leaves, int rank);

}  // namespace moola::comm
