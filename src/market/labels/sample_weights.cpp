#include "market/labels/sample_weights.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

// Per bar, the labels that depend on it.
std::vector<std::int32_t> concurrency(std::span<const std::int64_t> first, std::span<const std::int64_t> last,
                                      std::size_t bars) {
  if (first.size() != last.size()) throw std::invalid_argument("samples' first and last bars are of unequal number");
  std::vector<std::int32_t> count(bars + 1);
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (i > 0 && first[i] < first[i - 1]) throw std::invalid_argument("samples are not in the order of their bars");
    if (last[i] < 0) continue;
    if (first[i] < 0 || last[i] < first[i] || static_cast<std::size_t>(last[i]) >= bars)
      throw std::invalid_argument("a sample depends on bars that are not there");
    ++count[static_cast<std::size_t>(first[i])];
    --count[static_cast<std::size_t>(last[i]) + 1];
  }
  std::partial_sum(count.begin(), count.end(), count.begin());
  count.pop_back();
  return count;
}

// Sums of what lies before a bar. The difference of two of millions must still be exact to 1e-12 of one.
using Sums = std::vector<long double>;

double between(const Sums& sums, std::int64_t first, std::int64_t last) {
  return static_cast<double>(sums[static_cast<std::size_t>(last) + 1] - sums[static_cast<std::size_t>(first)]);
}

}  // namespace

std::vector<double> average_uniqueness(std::span<const std::int64_t> first, std::span<const std::int64_t> last,
                                       std::size_t bars) {
  const auto count = concurrency(first, last, bars);
  Sums sums(bars + 1);
  for (std::size_t t = 0; t < bars; ++t) sums[t + 1] = sums[t] + (count[t] > 0 ? 1.0L / count[t] : 0.0L);
  std::vector<double> out(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (last[i] >= 0) out[i] = between(sums, first[i], last[i]) / static_cast<double>(last[i] - first[i] + 1);
  }
  return out;
}

std::vector<double> return_attribution(std::span<const std::int64_t> first, std::span<const std::int64_t> last,
                                       std::span<const double> close) {
  const auto count = concurrency(first, last, close.size());
  Sums sums(close.size() + 1);
  for (std::size_t t = 0; t < close.size(); ++t) {
    const double move = t == 0 ? 0.0 : portable_log(close[t]) - portable_log(close[t - 1]);
    sums[t + 1] = sums[t] + (count[t] > 0 ? static_cast<long double>(move) / count[t] : 0.0L);
  }
  std::vector<double> out(first.size());
  double total = 0;
  std::size_t samples = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (last[i] < 0) continue;
    out[i] = std::fabs(between(sums, first[i], last[i]));
    total += out[i];
    ++samples;
  }
  if (total > 0) {
    for (double& weight : out) weight *= static_cast<double>(samples) / total;
  }
  return out;
}

std::vector<double> time_decay(std::span<const double> uniqueness, double oldest) {
  if (!(oldest > -1 && oldest <= 1))
    throw ConfigError(fmt::format("time decay {} must be above -1 and at most 1.", oldest));
  std::vector<double> out(uniqueness.size());
  long double sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    sum += uniqueness[i];
    out[i] = static_cast<double>(sum);
  }
  if (sum <= 0) return std::vector<double>(out.size());
  const auto all = static_cast<double>(sum);
  const double slope = oldest >= 0 ? (1.0 - oldest) / all : 1.0 / ((oldest + 1.0) * all);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = uniqueness[i] > 0 ? std::max(0.0, 1.0 + slope * (out[i] - all)) : 0.0;
  return out;
}

}  // namespace moola::market
