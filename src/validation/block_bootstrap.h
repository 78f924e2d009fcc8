#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace moola::validation {

struct BootstrapOptions {
  std::size_t replicates = 1000;
  std::size_t block = 1;  // mean length of blocks, in rows: no shorter than what makes neighbouring rows alike
  double level = 0.95;
  std::uint64_t seed = 42;
};

/// From the percentile (1 - level)/2 of the replicates to its mirror; NaN where fewer than two could be said.
struct Interval {
  double low = 0, high = 0;
  std::size_t replicates = 0;  // that the statistic could be said of
};

/// How often each of `n` rows is drawn in a replicate: blocks that begin anywhere, of geometric lengths with this mean,
/// going on at the first row after the last. Draws are keyed by (seed, replicate). Source: Politis and Romano, The
/// stationary bootstrap (1994).
void draw_blocks(std::size_t n, const BootstrapOptions& options, std::size_t replicate, std::vector<double>& counts);

/// Intervals of several statistics of the same rows: `statistics` is given how often each row is drawn and returns the
/// same number of values each time; NaN is left out. The same on any number of threads. Throws ConfigError for no
/// replicates, a block of 0, and a level outside 0 to 1.
std::vector<Interval> bootstrap_intervals(
    std::size_t n, const BootstrapOptions& options,
    const std::function<std::vector<double>(std::span<const double> counts)>& statistics, unsigned threads = 1);

}  // namespace moola::validation
