#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sweep/pruners/pruner.h"

// What ASHA and Hyperband share.
namespace moola::sweep {

struct HalvingOptions {
  std::int64_t min_resource = 1;             // the first rung's step, where the rate is 0
  std::int64_t reduction_factor = 4;         // one in so many passes
  std::int64_t min_early_stopping_rate = 0;  // the first rung is so many powers of the factor further
  std::size_t bootstrap_count = 0;           // so many end at a rung before any passes it
};

/// Losses of trials that have reached a rung, for each rung.
class RungLosses {
 public:
  void add(std::size_t rung, double loss);
  std::size_t count(std::size_t rung) const;
  /// How many are less than `loss`. Cost O(log count), and now and then a sort of what is new.
  std::size_t count_below(std::size_t rung, double loss);

 private:
  struct Rung {
    std::vector<double> sorted = {}, fresh = {};
  };
  std::vector<Rung> rungs_;
};

/// Up the rungs that the trial's last step has reached, as far as it passes. `others` has no loss of the trial at rungs
/// that it has not passed yet.
Judgement climb(const Observation& trial, const HalvingOptions& options, RungLosses& others);

/// The rungs that trials of a history have passed, by bracket; read from the history once.
class PassedRungs {
 public:
  /// `bracket_of` gives a trial's bracket, the same for the same history.
  std::span<RungLosses> by_bracket(const History& history, std::size_t brackets,
                                   const std::function<std::size_t(std::uint64_t number)>& bracket_of);

 private:
  std::uint64_t identity_ = 0, forgotten_ = 0;
  std::size_t seen_ = 0;
  std::vector<RungLosses> brackets_;
};

/// The trial of a history that was complete first, of those that have told of any step.
class FirstCompleteTrial {
 public:
  std::optional<std::int64_t> last_step(const History& history);

 private:
  std::uint64_t identity_ = 0;
  std::size_t seen_ = 0;
  std::optional<std::int64_t> step_;
};

}  // namespace moola::sweep
