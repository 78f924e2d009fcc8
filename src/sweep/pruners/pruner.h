#pragma once
#include <cstdint>
#include <optional>

#include "sweep/study/history.h"

namespace moola::sweep {

/// What a pruner says of a running trial after a report.
struct Judgement {
  bool prune = false;
  std::vector<double> rungs = {};  // losses at rungs that the trial has passed just now, for History::pass_rung
};

/// Decides which running trials are not worth their time. What it says is a function of its options and the history.
class Pruner {
 public:
  virtual ~Pruner() = default;
  Pruner() = default;
  Pruner(const Pruner&) = delete;
  Pruner& operator=(const Pruner&) = delete;

  /// Of a running trial that has at least one report; called after each.
  virtual Judgement judge(const History& history, std::uint64_t number) = 0;
};

}  // namespace moola::sweep
