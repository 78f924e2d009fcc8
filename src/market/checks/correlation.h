#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "market/checks/rows.h"

namespace moola::market {

/// Correlations of columns with each other.
struct CorrelationMatrix {
  std::size_t columns = 0;
  std::size_t rows = 0;        // that were looked at
  std::vector<double> values;  // (columns, columns), symmetric, -1 to 1, 1 on the diagonal

  double at(std::size_t i, std::size_t j) const { return values[i * columns + j]; }
};

struct CorrelationOptions {
  std::size_t stride = 1;  // only every stride-th row is looked at, counted through all ranges from their first
  bool ranks = false;      // Spearman's: of the values' places in order; else Pearson's
};

/// All correlations, the same bits on any number of threads and any instruction set.
///
/// A value that is not finite counts as its column's mean, a column that does not move correlates 0 with the others.
/// Cost: for Pearson's F^2 / 2 multiplications and additions a row, in vector registers: 180 columns of 630,000 rows
/// take 1 s of one thread with AVX-512. Ranks take some 50 ns a value and 8 bytes of memory before that. Throws
/// std::invalid_argument for rows that there are not and a stride of 0.
CorrelationMatrix correlate(std::span<const std::span<const double>> columns, std::span<const Rows> rows,
                            const CorrelationOptions& options, unsigned threads);

/// Two columns and how they go together.
struct CorrelatedPair {
  std::size_t first = 0, second = 0;
  double correlation = 0;
};

/// Pairs with |correlation| above `threshold`, the strongest first, at most `limit`.
std::vector<CorrelatedPair> strongest_pairs(const CorrelationMatrix& matrix, double threshold, std::size_t limit);

/// Columns that hang together: each correlates with another one of them by more than the threshold.
struct CorrelationGroup {
  std::vector<std::size_t> columns = {};  // two or more, in order
  std::size_t kept = 0;                   // the one of the highest priority; of equal ones the first
  double strongest = 0;                   // the largest |correlation| among them
};

/// The groups of |correlation| above `threshold`, in the order of their first columns (union-find). `priority`: one per
/// column, the higher the rather kept; empty: the first column of a group is. Throws std::invalid_argument for another
/// number of priorities.
std::vector<CorrelationGroup> correlation_groups(const CorrelationMatrix& matrix, double threshold,
                                                 std::span<const double> priority = {});

}  // namespace moola::market
