#pragma once
#include <cstddef>
#include <span>

namespace moola::work {

inline constexpr std::size_t kMostClustered = 1000;

/// How many independent trials there are.
struct EffectiveTrials {
  std::size_t count = 0;
  double sharpe_variance = 0;  // of the clusters', by row; 0 of a single one
  std::size_t looked_at = 0;   // trials; fewer than there are where those are more than kMostClustered
};

/// Clusters of columns (validation/trial_clusters.h) of `returns` (rows, columns). Of more than kMostClustered columns
/// so many, evenly spaced, are looked at: there are at least as many. Columns that never change are one trial together.
EffectiveTrials effective_trials(std::span<const double> returns, std::size_t columns, unsigned threads);

}  // namespace moola::work
