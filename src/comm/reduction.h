#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "comm/collectives.h"
#include "comm/communicator.h"
#include "comm/leaves.h"
#include "comm/tree_schedule.h"

namespace moola::comm {

/// exact: one fixed tree over the leaves, the same bits for any number of ranks. fast: the communication library's own
/// order, which changes with the number of ranks, and one buffer per rank instead of a few.
enum class ReduceMode { exact, fast };

/// "exact" or "fast". Throws ConfigError.
ReduceMode parse_reduce_mode(const std::string& text);

/// Sums one step's gradients over the leaves of all ranks, and with them a few doubles (losses, counts, a stop flag).
///
///     reduction.begin_step(leaves);
///     for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) reduction.add_leaf(leaf,
///     flat_gradient, {loss, count, stop}); reduction.finish(flat_gradient, totals);        // every rank: the
///     identical totals
///
/// Nothing is divided here: the optimiser does that once. Memory: at most log2(leaves) + 2 gradients in exact mode, one
/// in fast mode. Cost in exact mode: about two passes over the gradient per leaf, then log2(ranks) or so messages of it
/// one after the other, and a broadcast. The doubles go through the tree in both modes, on the host.
class Reduction {
 public:
  /// floats: length of the flat gradient, where `collectives` lives (0: doubles alone). doubles: how many each leaf
  /// brings. `collectives` must outlive this and have the ranks of `world`.
  Reduction(Communicator world, Collectives& collectives, std::size_t floats, std::size_t doubles, ReduceMode mode);

  /// A step of so many leaves begins. Every rank says the same number; ranks beyond it own none.
  void begin_step(int leaves);
  /// The leaves this rank brings in this step.
  LeafRange own() const { return own_; }
  /// The next of the rank's leaves, in order. The gradient is read at once (on a GPU: in stream order), so its memory
  /// may be used again.
  void add_leaf(int leaf, const float* gradient, std::span<const double> values);
  /// Collective. The sums over all leaves, on every rank, when all of `own()` have been added; they are there when it
  /// returns. On a GPU the messages of the doubles overlap those of the gradient. Throws CommError.
  void finish(float* total, std::span<double> values);

 private:
  Communicator world_;
  Collectives& collectives_;
  std::size_t floats_, doubles_;
  ReduceMode mode_;

  std::map<int, TreeSchedule> schedules_;  // by number of leaves; a run has one or two
  const TreeSchedule* schedule_ = nullptr;
  LeafRange own_;
  int next_leaf_ = 0;

  std::size_t depth_ = 0;                         // slots in use
  std::vector<FloatBuffer> slots_, received_;     // gradients
  std::vector<std::vector<double>> value_slots_;  // the doubles, on a stack of the same shape

  float* slot(std::size_t number);
  void reduce_floats(float* total);
  void reduce_values(std::span<double> values);
};

}  // namespace moola::comm
