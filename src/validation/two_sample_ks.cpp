#include "validation/two_sample_ks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "market/checks/drift.h"

namespace moola::validation {
namespace {

std::vector<double> sorted(std::span<const double> values) {
  if (values.empty()) throw DataError("two samples are to be compared, and one has no value.");
  std::vector<double> out(values.begin(), values.end());
  const auto bad = std::ranges::find_if(out, [](double value) { return !std::isfinite(value); });
  if (bad != out.end())
    throw DataError(fmt::format("value {} of a sample is {}: expected numbers.", bad - out.begin(), *bad));
  std::ranges::sort(out);
  return out;
}

std::int64_t apart(std::size_t i, std::size_t j, std::size_t n, std::size_t m) {
  return std::abs(static_cast<std::int64_t>(i * m) - static_cast<std::int64_t>(j * n));
}

// The largest distance times n m, which is a whole number.
std::int64_t largest(const std::vector<double>& a, const std::vector<double>& b) {
  std::int64_t out = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    out = std::max(out, apart(i, j, a.size(), b.size()));
  }
  return out;
}

// Orders of n and m values are paths on a grid, all equally likely. The share of the paths to (i, j) that have been
// `reached` apart somewhere, row by row: sums of positive terms, so that small chances keep their digits.
double share_of_paths(std::size_t n, std::size_t m, std::int64_t reached) {
  std::vector<double> row(m + 1);
  for (std::size_t i = 0; i <= n; ++i) {
    for (std::size_t j = 0; j <= m; ++j) {
      if (apart(i, j, n, m) >= reached) {
        row[j] = 1;
        continue;
      }
      const auto from_a = static_cast<double>(i), from_b = static_cast<double>(j);
      double share = 0;
      if (i > 0) share += row[j] * (from_a / (from_a + from_b));
      if (j > 0) share += row[j - 1] * (from_b / (from_a + from_b));
      row[j] = share;
    }
  }
  return std::min(1.0, row[m]);
}

}  // namespace

KsTest two_sample_ks(std::span<const double> a, std::span<const double> b, const KsOptions& options) {
  const std::vector<double> first = sorted(a), second = sorted(b);
  const std::size_t n = first.size(), m = second.size();
  const std::int64_t reached = largest(first, second);
  KsTest out{.distance = static_cast<double>(reached) / (static_cast<double>(n) * static_cast<double>(m))};
  const std::size_t independent = options.independent_b == 0 ? m : std::min(m, options.independent_b);
  out.exact = independent == m && n <= options.most_exact / m;
  out.chance = out.exact ? share_of_paths(n, m, reached)
                         : market::ks_p_value(out.distance, static_cast<double>(n), static_cast<double>(independent));
  return out;
}

}  // namespace moola::validation
