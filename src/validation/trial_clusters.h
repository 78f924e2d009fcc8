#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace moola::validation {

struct TrialClusterOptions {
  std::size_t most = 40;         // clusters that a level looks for
  std::size_t starts = 10;       // of k-means, for each number of clusters
  double significance = 0.05;    // of a correlation above 0, for all pairs together; 0: it is not asked for
  double least_deviation = 0.2;  // of silhouettes: a smaller one counts as this
  bool second_level = true;
  double risk_free = 0;  // per row
  std::uint64_t seed = 42;
};

/// Trials that are one, as far as luck goes.
struct TrialCluster {
  std::vector<std::size_t> columns = {};  // in order
  double quality = 0;                     // mean over deviation of its silhouettes; 0 of a single column
  double sharpe = 0;                      // per row, of its columns weighted by inverse variance
};

struct TrialClusters {
  std::size_t rows = 0;
  std::vector<TrialCluster> clusters = {};  // in the order of their first columns
  std::vector<std::uint32_t> cluster = {};  // (columns) the one it is in
  std::vector<double> silhouette = {};      // (columns) -1 to 1: how much nearer its cluster is than the next; 0 alone
  std::vector<double> weight = {};          // (columns) in its cluster; they sum to 1
  double quality = 0;                       // as a cluster's, of all columns but strangers
  double sharpe_variance = 0;               // of the clusters', n - 1; 0 for one
  bool at_most = false;                     // as many clusters as a level looks for: there may be more

  /// The effective number of independent trials: what deflated_sharpe is given, with `sharpe_variance`.
  std::size_t effective() const { return clusters.size(); }
};

/// How many independent trials there were among strategies that resemble each other. `returns` (rows, columns) row by
/// row: a column for every configuration that was tried.
///
/// Columns are points, and their distances sqrt((1 - correlation) / 2) from all columns are their coordinates. k-means
/// splits them into 2 to min(most, columns - 1) clusters, from several starts each (k-means++); of all results that of
/// the best quality is taken, the mean of the silhouettes over their deviation. A second level does the same with the
/// columns of all clusters below the mean quality, where that raises the mean quality of all clusters.
///
/// Three rules beyond the source keep the number from being too low, which would flatter the winner:
/// - A column whose correlations with all others could be chance (Fisher's z, Bonferroni's bound for all pairs) is a
///   stranger: a cluster of its own that only the others' silhouettes see. The source lumps such columns: it finds 2 to
///   30 clusters among 50 that have nothing in common, where there are 50.
/// - Deviations count as `least_deviation` at least: else two halves whose silhouettes are all alike and near 0 may win
///   over six clear clusters. The source has no such bound.
/// - Two columns with no others, which silhouettes cannot judge, are two trials unless they are the same.
/// Columns are the same that correlate by 1 within 1e-10; where all are, there is one cluster. Several columns that all
/// resemble each other and nothing else still make two at least. A cluster whose columns cancel out has the Sharpe
/// ratio 0 without a gain, else infinity with its sign.
///
/// The same bits on any number of threads and instruction set. Another order of the columns changes only the order of
/// what is returned. Cost columns^2 / 2 multiplications and additions a row in vector registers, and some 5 columns^2
/// for each of most x starts runs: 2,000 columns of 100,000 rows take 20 s of one thread with AVX-512, 500 of 20,000
/// half a second. Memory 8 columns^2 x (6 + threads) bytes.
///
/// Throws DataError for fewer than 3 rows, values that are not finite and columns that never change, which are named;
/// ConfigError for fewer than 2 clusters, no starts, a significance outside 0 to 1 and no least deviation.
///
/// Source: Lopez de Prado and Lewis, Detection of false investment strategies using unsupervised learning methods
/// (2019); there the second level's clusters are held against the mean of those it splits, here of all.
TrialClusters cluster_trials(std::span<const double> returns, std::size_t columns,
                             const TrialClusterOptions& options = {}, unsigned threads = 1);

}  // namespace moola::validation
