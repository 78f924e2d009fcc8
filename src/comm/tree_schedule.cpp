#include "comm/tree_schedule.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace moola::comm {
namespace {

// Where the sum of a node lies once it is known.
struct Place {
  int holder;  // rank
  int slot;    // of the holder's stack
  int ready;   // the round after whose additions it is there; 0: as soon as the holder's own leaves are
};

class Builder {
 public:
  Builder(const Leaves& leaves, int rank)
      : leaves_(leaves), rank_(rank), slots_used_(static_cast<std::size_t>(leaves.ranks())) {
    schedule_.merges_after.resize(static_cast<std::size_t>(leaves.of(rank).size()));
  }

  TreeSchedule build() {
    if (leaves_.count() > 0) visit(0, leaves_.count());
    schedule_.pieces = slots_used_[static_cast<std::size_t>(rank_)];
    count_depth();
    return std::move(schedule_);
  }

 private:
  const Leaves& leaves_;
  int rank_;
  std::vector<int> slots_used_;  // per rank: pieces found so far
  TreeSchedule schedule_;

  TreeSchedule::Round& round(int number) {
    assert(number >= 1);
    if (schedule_.rounds.size() < static_cast<std::size_t>(number))
      schedule_.rounds.resize(static_cast<std::size_t>(number));
    return schedule_.rounds[static_cast<std::size_t>(number) - 1];
  }

  static int split(int low, int high) {
    return low + static_cast<int>(std::bit_floor(static_cast<unsigned>(high - low - 1)));
  }

  Place visit(int low, int high) {
    const int first = leaves_.owner(low), last = leaves_.owner(high - 1);
    if (first == last) {
      if (first == rank_) merge_inside(low, high);
      return {first, slots_used_[static_cast<std::size_t>(first)]++, 0};
    }
    const int middle = split(low, high);
    const Place left = visit(low, middle), right = visit(middle, high);
    if (left.holder == right.holder) {
      const int when = std::max(left.ready, right.ready);
      if (left.holder == rank_) round(when).additions.push_back({left.slot, right.slot, false});
      return {left.holder, left.slot, when};
    }
    const int when = std::max(left.ready, right.ready) + 1;
    if (right.holder == rank_) round(when).sends.push_back({left.holder, right.slot});
    if (left.holder == rank_) {
      TreeSchedule::Round& now = round(when);
      const int buffer = static_cast<int>(now.receives.size());
      now.receives.push_back({right.holder, buffer});
      now.additions.push_back({left.slot, buffer, true});
    }
    return {left.holder, left.slot, when};
  }

  // Every node of a subtree is one merge, done as soon as its last leaf is there.
  void merge_inside(int low, int high) {
    if (high - low == 1) return;
    const int middle = split(low, high);
    merge_inside(low, middle);
    merge_inside(middle, high);
    schedule_.merges_after[static_cast<std::size_t>(high - 1 - leaves_.of(rank_).begin)] += 1;
  }

  void count_depth() {
    int depth = 0;
    for (const int merges : schedule_.merges_after) {
      schedule_.deepest = std::max(schedule_.deepest, ++depth);
      depth -= merges;
    }
    assert(depth == schedule_.pieces);
  }
};

}  // namespace

int TreeSchedule::most_received() const {
  std::size_t most = 0;
  for (const Round& one : rounds) most = std::max(most, one.receives.size());
  return static_cast<int>(most);
}

TreeSchedule tree_schedule(const Leaves& leaves, int rank) {
  return Builder(leaves, rank).build();
}

}  // namespace moola::comm
