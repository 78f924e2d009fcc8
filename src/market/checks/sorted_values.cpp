#include "market/checks/sorted_values.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "market/checks/radix_sort.h"
#include "market/percentile.h"

namespace moola::market {
namespace {

// Below it, what the counting costs is more than what comparisons cost.
constexpr std::size_t kFewValues = 1024;

}  // namespace

void sort_values(std::vector<double>& values) {
  for (double& value : values) value += 0.0;
  if (values.size() < kFewValues || values.size() > UINT32_MAX) {
    std::sort(values.begin(), values.end());
    return;
  }
  radix_sort(values, [](double value) { return sort_key(value); });
}

std::vector<double> sorted_finite(std::span<const double> column, std::span<const Rows> rows) {
  std::vector<double> values;
  values.reserve(count_rows(rows, column.size()));
  for (const Rows& range : rows) {
    for (const double value : column.subspan(range.begin, range.size())) {
      if (std::isfinite(value)) values.push_back(value);
    }
  }
  sort_values(values);
  return values;
}

std::vector<double> quantile_cuts(std::span<const double> sorted, int bins) {
  if (bins < 2) throw std::invalid_argument("less than 2 bins");
  std::vector<double> cuts;
  if (sorted.empty()) return cuts;
  const auto most = static_cast<std::size_t>(bins);
  // The different values, as far as they may be few: each by a search for the end of those that equal it.
  for (auto at = sorted.begin(); at != sorted.end() && cuts.size() <= most;) {
    cuts.push_back(*at);
    at = std::upper_bound(at, sorted.end(), *at);
  }
  if (cuts.size() <= most) return cuts.pop_back(), cuts;
  cuts.clear();
  for (int k = 1; k < bins; ++k) {
    const double cut = sorted_percentile(sorted, static_cast<double>(k) / bins);
    if (cut < sorted.back() && (cuts.empty() || cut > cuts.back())) cuts.push_back(cut);
  }
  return cuts;
}

std::vector<std::size_t> count_in_bins(std::span<const double> sorted, std::span<const double> cuts) {
  std::vector<std::size_t> counts;
  counts.reserve(cuts.size() + 1);
  auto from = sorted.begin();
  for (const double cut : cuts) {
    const auto to = std::upper_bound(from, sorted.end(), cut);
    counts.push_back(static_cast<std::size_t>(to - from));
    from = to;
  }
  counts.push_back(static_cast<std::size_t>(sorted.end() - from));
  return counts;
}

}  // namespace moola::market
