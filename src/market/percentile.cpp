#include "market/percentile.h"

#include <algorithm>
#include <stdexcept>

namespace moola::market {

double percentile(std::span<double> values, double share) {
  if (values.empty()) throw std::invalid_argument("a percentile of no values");
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  const double between = place - static_cast<double>(below);
  if (between == 0) return *at;
  const double next = *std::min_element(at + 1, values.end());
  return *at + (next - *at) * between;
}

double sorted_percentile(std::span<const double> sorted, double share) {
  if (sorted.empty()) throw std::invalid_argument("a percentile of no values");
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double next = sorted[std::min(below + 1, sorted.size() - 1)];
  return sorted[below] + (next - sorted[below]) * (place - static_cast<double>(below));
}

}  // namespace moola::market
