#include "validation/block_bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/keyed_random.h"
#include "base/parallel_pieces.h"
#include "market/percentile.h"

namespace moola::validation {

void draw_blocks(std::size_t n, const BootstrapOptions& options, std::size_t replicate, std::vector<double>& counts) {
  counts.assign(n, 0);
  KeyedRandom random(options.seed, Stream::bootstrap, replicate, 0);
  // A block ends after a row with the chance 1 / block.
  const auto ends_below =
      static_cast<std::uint32_t>(std::min(4294967295.0, 4294967296.0 / static_cast<double>(options.block)));
  std::size_t at = 0;
  bool begins = true;
  for (std::size_t drawn = 0; drawn < n; ++drawn) {
    at = begins ? random.below(static_cast<std::uint32_t>(n)) : at + 1 == n ? 0 : at + 1;
    counts[at] += 1;
    begins = options.block == 1 || random.bits() < ends_below;
  }
}

std::vector<Interval> bootstrap_intervals(
    std::size_t n, const BootstrapOptions& options,
    const std::function<std::vector<double>(std::span<const double> counts)>& statistics, unsigned threads) {
  if (options.replicates == 0) throw ConfigError("a bootstrap of 0 replicates.");
  if (options.block == 0) throw ConfigError("a bootstrap of blocks of 0 rows.");
  if (!(options.level > 0 && options.level < 1))
    throw ConfigError(fmt::format("an interval of level {}: expected above 0 and below 1.", options.level));
  if (n == 0 || n > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format("a bootstrap of {} rows: expected 1 to 4294967295.", n));
  std::vector<std::vector<double>> found(options.replicates);
  constexpr std::size_t kPieces = 64;
  for_each_piece(kPieces, threads, [&](std::size_t piece) {
    std::vector<double> counts;
    for (std::size_t i = options.replicates * piece / kPieces; i < options.replicates * (piece + 1) / kPieces; ++i) {
      draw_blocks(n, options, i, counts);
      found[i] = statistics(counts);
    }
  });
  std::vector<Interval> out;
  for (std::size_t s = 0; s < found.front().size(); ++s) {
    std::vector<double> values;
    for (const std::vector<double>& replicate : found) {
      if (!std::isnan(replicate.at(s))) values.push_back(replicate[s]);
    }
    std::sort(values.begin(), values.end());
    const double tail = (1 - options.level) / 2;
    const bool enough = values.size() >= 2;
    out.push_back({.low = enough ? market::sorted_percentile(values, tail) : std::nan(""),
                   .high = enough ? market::sorted_percentile(values, 1 - tail) : std::nan(""),
                   .replicates = values.size()});
  }
  return out;
}

}  // namespace moola::validation
