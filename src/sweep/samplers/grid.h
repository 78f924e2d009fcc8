#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sweep/samplers/sampler.h"
#include "sweep/space/point_numbering.h"

namespace moola::sweep {

struct GridOptions {
  std::uint64_t seed = 0;                            // of the order
  std::vector<GridPoints> points = {};               // for parameters that do not have all their values tried
  std::optional<std::size_t> points_of_floats = {};  // for floats without step that are not named there
};

/// Every point of a space of finitely many that the constraints allow, once, in a random order.
///
/// The order is a keyed permutation: trial n tries the n-th allowed point, so that any number of processes need not
/// speak to each other and a study goes on where it stopped. Points that somebody else's trials of the history have are
/// left out, and those whose number such a trial took come where a point is left out, or at the end. The history's
/// failed and running trials count as tried.
///
/// A space of 2^24 points and more may not have 2^24 forbidden ones in a row: ConfigError. A process that begins with
/// trial n looks at the constraints of all points before it.
class GridSampler : public Sampler {
 public:
  explicit GridSampler(GridOptions options = {}) : options_(std::move(options)) {}
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

  /// How many points the grid has, with forbidden ones.
  std::uint64_t count(const SearchSpace& space) const;

 private:
  GridOptions options_;
  std::uint64_t history_ = 0;                  // identity of the one that the rest is about
  std::unique_ptr<PointNumbering> numbering_;  // of its space
  std::vector<std::uint64_t> allowed_;         // their numbers in the order of trials, as far as it was asked for
  std::uint64_t scanned_ = 0;                  // points in that order that were looked at
  std::size_t settled_ = 0;                    // trials before this one have finished
  std::unordered_set<std::uint64_t> tried_;    // points of those

  PointNumbering numbering_of(const SearchSpace& space) const;
  void follow(const History& history);
  std::optional<std::uint64_t> planned(const SearchSpace& space, std::uint64_t number);
  std::optional<std::uint64_t> left_over(const History& history, std::uint64_t number,
                                         const std::unordered_set<std::uint64_t>& running);
};

}  // namespace moola::sweep
