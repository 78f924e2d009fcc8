#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "market/checks/rows.h"

namespace moola::market {

/// How far a later sample of a column has moved away from a reference. All zeros but the counts where either has no
/// finite value; values that are not finite are left out.
struct ColumnDrift {
  std::size_t reference = 0, other = 0;  // finite values
  double psi = 0;                        // population stability index; above 0.2 counts as a shift
  std::size_t bins = 0;                  // of the index
  double ks = 0;                         // Kolmogorov and Smirnov: the largest distance of the distribution functions
  double ks_p = 1;                       // its chance if all values were independent draws from one distribution
  double reference_time = 1, other_time = 1;  // autocorrelation times
  double ks_p_effective = 1;                  // the same chance for as many values as are left after these
  double wasserstein = 0;                     // mean distance of values of the same rank, in the column's unit
  double wasserstein_scaled = 0;  // over the reference's interquartile range, or its deviation where that is 0, or
                                  // 1 where it never moves
};

struct DriftOptions {
  int bins = 10;              // of the index: quantiles of the reference
  double least_share = 1e-4;  // a bin's share counts as no less, so that an empty one has a logarithm
};

/// The index of two samples of finite values, sorted: the sum over bins of (q - p) log(q / p), bins by quantile_cuts of
/// the reference, their ends open. Where all of the reference is one value, bins are below it, at it and above it. 0
/// when a sample is empty. Throws ConfigError for less than 2 bins and a least share outside 0 … 1.
double population_stability(std::span<const double> reference, std::span<const double> other,
                            const DriftOptions& options = {});

/// Distances of two samples of finite values, sorted; zeros when one is empty. Cost O(n + m).
struct SampleDistance {
  double ks, wasserstein;
};
SampleDistance sample_distance(std::span<const double> a, std::span<const double> b);

/// The asymptotic chance that samples of these effective sizes from one distribution lie as far apart.
double ks_p_value(double ks, double size_a, double size_b);

/// Drift of every column from the reference rows to each of the others: [column][other]. The same bits on any number of
/// threads. Cost: about 20 ns a value, for the reference once for all the others. Throws as above, and
/// std::invalid_argument for rows that there are not.
std::vector<std::vector<ColumnDrift>> column_drift(std::span<const std::span<const double>> columns,
                                                   std::span<const Rows> reference,
                                                   std::span<const std::vector<Rows>> others,
                                                   const DriftOptions& options, unsigned threads);

}  // namespace moola::market
