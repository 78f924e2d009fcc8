#include "validation/combinatorial.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace moola::validation {
namespace {

constexpr std::uint64_t kMostSplits = 100'000;

// n over k; 0 beyond 64 bits.
std::uint64_t choose(std::uint64_t n, std::uint64_t k) {
  if (k > n) return 0;
  k = std::min(k, n - k);
  std::uint64_t out = 1;
  for (std::uint64_t i = 1; i <= k; ++i) {
    // out (n - k + i) is a multiple of i: what of i does not divide the one divides the other.
    const std::uint64_t common = std::gcd(out, i);
    if (__builtin_mul_overflow(out / common, (n - k + i) / (i / common), &out)) return 0;
  }
  return out;
}

// The next choice of numbers below n in lexicographic order; false after the last.
bool next_choice(std::vector<std::size_t>& choice, std::size_t n) {
  const std::size_t k = choice.size();
  for (std::size_t i = k; i-- > 0;) {
    if (choice[i] == n - k + i) continue;
    ++choice[i];
    for (std::size_t j = i + 1; j < k; ++j) choice[j] = choice[j - 1] + 1;
    return true;
  }
  return false;
}

}  // namespace

std::uint64_t count_combinations(std::size_t groups, std::size_t test_groups) {
  return choose(groups, test_groups);
}

CombinatorialSplits combinatorial_splits(const LabelIntervals& intervals, std::size_t groups, std::size_t test_groups,
                                         const PurgeOptions& options) {
  if (test_groups < 1 || test_groups >= groups) {
    throw ConfigError(
        fmt::format("{} test groups of {}: one at least is tested, and one at least trains.", test_groups, groups));
  }
  const std::uint64_t count = count_combinations(groups, test_groups);
  if (count == 0 || count > kMostSplits) {
    throw ConfigError(fmt::format("{} test groups of {} make {} splits, and {} are the most. Give fewer groups.",
                                  test_groups, groups, count == 0 ? "more than 2^64" : std::to_string(count),
                                  kMostSplits));
  }
  const Purger purger(intervals, options);
  CombinatorialSplits out{.groups = time_groups(intervals.t0, groups)};
  out.paths.assign(choose(groups - 1, test_groups - 1), std::vector<std::size_t>(groups));
  std::vector<std::size_t> tested(groups, 0);  // how many splits test it so far
  std::vector<std::size_t> choice(test_groups);
  for (std::size_t i = 0; i < test_groups; ++i) choice[i] = i;
  out.splits.reserve(count);
  do {
    std::vector<RowRange> test;
    for (const std::size_t group : choice) {
      test.push_back(out.groups[group]);
      out.paths[tested[group]++][group] = out.splits.size();
    }
    out.splits.push_back(split_beside(purger, std::move(test), intervals.size()));
    out.splits.back().groups = choice;
  } while (next_choice(choice, groups));
  return out;
}

}  // namespace moola::validation
