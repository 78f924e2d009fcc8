#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sweep/study/history.h"

namespace moola::sweep {

/// Trials that have values of certain parameters, parted into the best and all others.
///
/// The best are, of n finished trials, min(ceil(n / 10), 25); ceil(n / 10) where there are several objectives. Complete
/// trials come first, by loss; then pruned ones, those that came farther first, then by their last report; then those
/// that violate constraints, by how much. Several objectives: front by front, and of the last front those that have the
/// largest hypervolume together. Failed trials are left out. Equals are taken by number.
/// Source: Optuna 5; Ozaki, Tanigaki, Watanabe, Nomura, Onishi 2022 for several objectives.
class TrialSplit {
 public:
  /// Of trials where all of `parameters` have a value of their distribution.
  explicit TrialSplit(std::vector<std::size_t> parameters) : parameters_(std::move(parameters)) {}

  /// Brings it to what the history holds now, which must have grown from the one of the call before. Trial `number` is
  /// left out while it has not finished; so are other running ones, unless they count among the others as if they had
  /// been no good.
  void update(const History& history, std::uint64_t number, bool with_running);

  /// By number.
  std::span<const std::uint64_t> best() const { return best_; }
  std::span<const std::uint64_t> others() const { return others_; }
  /// Trials that had begun before with other values than they have now, as of the last update.
  std::span<const std::uint64_t> replaced() const { return replaced_; }
  /// Finished ones.
  std::size_t finished() const { return finished_; }

 private:
  // What the best come by, in this order.
  struct Rank {
    int kind = 0;  // complete, pruned, violating
    double first = 0, second = 0;
    std::uint64_t number = 0;
    auto operator<=>(const Rank&) const = default;
  };
  struct Open {
    std::uint64_t number = 0;
    Point point = {};
  };

  std::vector<std::size_t> parameters_;
  std::vector<Open> open_ = {};    // trials that have not finished
  std::size_t known_ = 0;          // trials seen
  std::vector<bool> counts_ = {};  // by number: finished, with values
  std::vector<std::uint64_t> running_ = {};
  std::vector<Rank> ranked_ = {};  // those that may be among the best, sorted
  std::size_t finished_ = 0;
  std::vector<std::uint64_t> complete_ = {};  // without violation; several objectives only
  std::size_t best_of_ = 0;                   // finished ones when the best of several objectives were found
  std::vector<std::uint64_t> best_ = {}, others_ = {}, replaced_ = {};

  bool has_values(const SearchSpace& space, const Point& point) const;
  void add(const Observation& trial, std::size_t objectives);
  void find_best(const History& history);
};

/// Where hypervolumes of these losses (rows of `objectives` numbers) are measured to: a tenth beyond the worst of each.
std::vector<double> beyond_worst(std::span<const double> losses, std::size_t objectives);

}  // namespace moola::sweep
