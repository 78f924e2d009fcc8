#pragma once
#include <cstddef>
#include <span>

namespace moola::validation {

struct KsOptions {
  /// The chance is exact where a has as many values times b as many as this or fewer: that is what it costs.
  std::size_t most_exact = 10'000'000;
  /// How many independent values b holds, where it has several copies of one; 0: as many as it has.
  std::size_t independent_b = 0;
};

struct KsTest {
  double distance = 0;  // the largest of the two distribution functions
  double chance = 1;    // that two samples of one continuous distribution lie as far apart or further
  bool exact = true;    // else by Kolmogorov's limit distribution
};

/// The two-sided test of Kolmogorov and Smirnov whether two samples come from one distribution, values in any order.
///
/// Exact chances count the orders in which the values of both can come: with equal values in both the true chance is
/// lower. Where b has copies it is the limit distribution's for `independent_b` values. Cost O(n log n + m log m), and
/// O(n m) where it is exact. Throws DataError for a sample without values and for one that is not finite.
///
/// Source: Hodges 1958, The significance probability of the Smirnov two-sample test; reference/moola.md 2.
KsTest two_sample_ks(std::span<const double> a, std::span<const double> b, const KsOptions& options = {});

}  // namespace moola::validation
