#include "validation/multiple_testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace moola::validation {
namespace {

// Places of chances in increasing order; equal ones in theirs.
std::vector<std::size_t> ascending(std::span<const double> chances) {
  for (std::size_t i = 0; i < chances.size(); ++i) {
    if (!(chances[i] >= 0 && chances[i] <= 1))
      throw DataError(fmt::format("chance {} is {}: expected 0 to 1.", i, chances[i]));
  }
  std::vector<std::size_t> out(chances.size());
  std::iota(out.begin(), out.end(), 0);
  std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return chances[a] < chances[b]; });
  return out;
}

std::vector<double> false_discovery(std::span<const double> chances, double times) {
  const std::vector<std::size_t> order = ascending(chances);
  std::vector<double> out(chances.size());
  double least = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const double rank = static_cast<double>(i + 1) / static_cast<double>(order.size());
    least = std::min(least, chances[order[i]] / rank * times);
    out[order[i]] = least;
  }
  return out;
}

}  // namespace

std::vector<double> holm(std::span<const double> chances) {
  const std::vector<std::size_t> order = ascending(chances);
  std::vector<double> out(chances.size());
  double most = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    most = std::max(most, chances[order[i]] * static_cast<double>(order.size() - i));
    out[order[i]] = std::min(1.0, most);
  }
  return out;
}

std::vector<double> benjamini_hochberg(std::span<const double> chances) {
  return false_discovery(chances, 1);
}

std::vector<double> benjamini_yekutieli(std::span<const double> chances) {
  double harmonic = 0;
  for (std::size_t i = 1; i <= chances.size(); ++i) harmonic += 1 / static_cast<double>(i);
  return false_discovery(chances, harmonic);
}

}  // namespace moola::validation
