#include "work/sweep/honesty/effective_trials.h"

#include <algorithm>
#include <vector>

#include "validation/trial_clusters.h"

namespace moola::work {

EffectiveTrials effective_trials(std::span<const double> returns, std::size_t columns, unsigned threads) {
  EffectiveTrials out{.looked_at = std::min(columns, kMostClustered)};
  const std::size_t rows = returns.size() / columns;
  std::vector<std::size_t> chosen;
  bool has_constant = false;
  for (std::size_t i = 0; i < out.looked_at; ++i) {
    const std::size_t c = i * columns / out.looked_at;
    bool moves = false;
    for (std::size_t row = 1; row < rows && !moves; ++row) moves = returns[row * columns + c] != returns[c];
    if (moves)
      chosen.push_back(c);
    else
      has_constant = true;
  }
  out.count = has_constant ? 1 : 0;
  if (chosen.size() < 2 || rows < 3) {
    out.count += chosen.size();
    return out;
  }
  std::vector<double> matrix;
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::size_t c : chosen) matrix.push_back(returns[row * columns + c]);
  }
  const validation::TrialClusters clusters = validation::cluster_trials(matrix, chosen.size(), {}, threads);
  out.count += clusters.effective();
  out.sharpe_variance = clusters.sharpe_variance;
  return out;
}

}  // namespace moola::work
