#include "market/checks/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "market/checks/autocorrelation_time.h"
#include "market/checks/lane_sum.h"
#include "market/checks/sorted_values.h"
#include "market/checks/tail_probabilities.h"
#include "market/percentile.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

void check(const DriftOptions& options) {
  if (options.bins < 2) throw ConfigError(fmt::format("drift by {} bins: must be 2 or more.", options.bins));
  if (!(options.least_share > 0 && options.least_share < 1))
    throw ConfigError(
        fmt::format("drift with shares of at least {}: must be above 0 and below 1.", options.least_share));
}

// What is asked of the reference again and again.
struct Reference {
  std::vector<double> sorted, cuts;
  std::vector<std::size_t> counts;  // of the bins
};

Reference reference_of(std::vector<double> sorted, int bins) {
  Reference out{.sorted = std::move(sorted), .cuts = {}, .counts = {}};
  if (out.sorted.empty()) return out;
  out.cuts = quantile_cuts(out.sorted, bins);
  if (out.cuts.empty()) {
    const double only = out.sorted.front();
    out.cuts = {std::nextafter(only, -std::numeric_limits<double>::infinity()), only};
  }
  out.counts = count_in_bins(out.sorted, out.cuts);
  return out;
}

double stability(const Reference& reference, std::span<const double> other, double least_share) {
  const std::vector<std::size_t> counts = count_in_bins(other, reference.cuts);
  double index = 0;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    const double p = std::max(
        least_share, static_cast<double>(reference.counts[bin]) / static_cast<double>(reference.sorted.size()));
    const double q = std::max(least_share, static_cast<double>(counts[bin]) / static_cast<double>(other.size()));
    index += (q - p) * (portable_log(q) - portable_log(p));
  }
  return index;
}

double deviation_of(std::span<const double> values) {
  const double near = values[values.size() / 2];
  LaneSum sum, squares;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double away = values[i] - near;
    sum.add(i, away);
    squares.add(i, away * away);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(std::max(0.0, squares.total() / n - sum.total() / n * (sum.total() / n)));
}

// A column's usual width.
double width_of(std::span<const double> sorted) {
  const double middle = sorted_percentile(sorted, 0.75) - sorted_percentile(sorted, 0.25);
  if (middle > 0) return middle;
  return sorted.front() < sorted.back() ? deviation_of(sorted) : 1.0;
}

}  // namespace

double population_stability(std::span<const double> reference, std::span<const double> other,
                            const DriftOptions& options) {
  check(options);
  if (reference.empty() || other.empty()) return 0;
  return stability(reference_of({reference.begin(), reference.end()}, options.bins), other, options.least_share);
}

SampleDistance sample_distance(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return {0, 0};
  const double step_a = 1 / static_cast<double>(a.size()), step_b = 1 / static_cast<double>(b.size());
  double ks = 0, area = 0, last = std::min(a[0], b[0]), apart = 0;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const double value = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    area += apart * (value - last);
    while (i < a.size() && a[i] == value) ++i;
    while (j < b.size() && b[j] == value) ++j;
    apart = std::fabs(static_cast<double>(i) * step_a - static_cast<double>(j) * step_b);
    ks = std::max(ks, apart);
    last = value;
  }
  return {.ks = ks, .wasserstein = area};
}

double ks_p_value(double ks, double size_a, double size_b) {
  return kolmogorov_survival(ks * std::sqrt(size_a * size_b / (size_a + size_b)));
}

std::vector<std::vector<ColumnDrift>> column_drift(std::span<const std::span<const double>> columns,
                                                   std::span<const Rows> reference,
                                                   std::span<const std::vector<Rows>> others,
                                                   const DriftOptions& options, unsigned threads) {
  check(options);
  std::vector<std::vector<ColumnDrift>> out(columns.size(), std::vector<ColumnDrift>(others.size()));
  for_each_piece(columns.size(), threads, [&](std::size_t c) {
    const Reference from = reference_of(sorted_finite(columns[c], reference), options.bins);
    const double time = autocorrelation_time(columns[c], reference);
    const double width = from.sorted.empty() ? 1.0 : width_of(from.sorted);
    for (std::size_t k = 0; k < others.size(); ++k) {
      const std::vector<double> to = sorted_finite(columns[c], others[k]);
      ColumnDrift& drift = out[c][k];
      drift.reference = from.sorted.size();
      drift.other = to.size();
      if (from.sorted.empty() || to.empty()) continue;
      drift.psi = stability(from, to, options.least_share);
      drift.bins = from.counts.size();
      const auto [ks, wasserstein] = sample_distance(from.sorted, to);
      drift.ks = ks;
      drift.wasserstein = wasserstein;
      drift.wasserstein_scaled = wasserstein / width;
      drift.reference_time = time;
      drift.other_time = autocorrelation_time(columns[c], others[k]);
      const auto n = static_cast<double>(drift.reference), m = static_cast<double>(drift.other);
      drift.ks_p = ks_p_value(ks, n, m);
      drift.ks_p_effective = ks_p_value(ks, n / drift.reference_time, m / drift.other_time);
    }
  });
  return out;
}

}  // namespace moola::market
