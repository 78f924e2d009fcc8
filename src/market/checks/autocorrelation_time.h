#pragma once
#include <span>

#include "market/checks/rows.h"

namespace moola::market {

/// How many neighbouring values count as one independent one for a mean: 1 plus twice the sum of all autocorrelations,
/// at least 1. The finite values of these rows over it are the effective size of a sample.
///
/// By means of batches of n^(2/3) values, whose variance is compared with that of the values: O(n), about 3 ns a value,
/// where sums of autocorrelations cost n times the memory of a slow column. Memory longer than a batch is not seen. 1
/// for less than 8 values or when nothing moves. Source: Flegal and Jones 2010.
double autocorrelation_time(std::span<const double> column, std::span<const Rows> rows);

}  // namespace moola::market
