#include "market/checks/column_summary.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel_pieces.h"
#include "market/checks/lane_sum.h"
#include "market/checks/sorted_values.h"
#include "market/percentile.h"

namespace moola::market {
namespace {

constexpr std::size_t kLanes = LaneSum::kLanes;

double mean_of(std::span<const double> values, double near) {
  LaneSum sum;
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) sum.lanes[k] += values[i + k] - near;
  }
  for (; i < values.size(); ++i) sum.add(i, values[i] - near);
  return near + sum.total() / static_cast<double>(values.size());
}

// Sums of the second to fourth power of what the values are away from `mean`.
struct Powers {
  double second, third, fourth;
};
Powers powers_of(std::span<const double> values, double mean) {
  LaneSum second, third, fourth;
  const auto add = [&](std::size_t lane, double value) {
    const double d = value - mean, square = d * d;
    second.lanes[lane] += square;
    third.lanes[lane] += square * d;
    fourth.lanes[lane] += square * square;
  };
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) add(k, values[i + k]);
  }
  for (; i < values.size(); ++i) add(i % kLanes, values[i]);
  return {second.total(), third.total(), fourth.total()};
}

void describe_moments(std::span<const double> sorted, ColumnSummary& out) {
  const double median = out.median;
  out.mean = mean_of(sorted, median);
  const auto n = static_cast<double>(sorted.size());
  const auto [second, third, fourth] = powers_of(sorted, out.mean);
  const double variance = second / n;
  out.deviation = std::sqrt(variance);
  if (!(variance > 0)) return;
  out.skew = third / n / (variance * out.deviation);
  out.kurtosis = fourth / n / (variance * variance) - 3.0;
  const auto low = std::lower_bound(sorted.begin(), sorted.end(), out.mean - 5 * out.deviation);
  const auto high = std::upper_bound(sorted.begin(), sorted.end(), out.mean + 5 * out.deviation);
  out.beyond_5_deviations = static_cast<double>((low - sorted.begin()) + (sorted.end() - high)) / n;
}

std::size_t count_distinct(std::span<const double> sorted, std::size_t limit) {
  std::size_t distinct = 0;
  for (auto at = sorted.begin(); at != sorted.end() && distinct < limit; ++distinct)
    at = std::upper_bound(at, sorted.end(), *at);
  return distinct;
}

void describe_sorted(std::span<const double> sorted, const SummaryOptions& options, ColumnSummary& out) {
  out.min = sorted.front();
  out.percentile_1 = sorted_percentile(sorted, 0.01);
  out.quartile_1 = sorted_percentile(sorted, 0.25);
  out.median = sorted_percentile(sorted, 0.5);
  out.quartile_3 = sorted_percentile(sorted, 0.75);
  out.percentile_99 = sorted_percentile(sorted, 0.99);
  out.max = sorted.back();
  out.constant = out.min == out.max;
  out.distinct = count_distinct(sorted, options.distinct_limit);
  if (out.constant) {
    out.mean = out.min;
  } else {
    describe_moments(sorted, out);
  }
}

// What depends on the order of the rows. The halves' sums are of distances from `near`, which keeps large prices from
// blurring them.
void describe_order(std::span<const double> column, std::span<const Rows> rows, double near, ColumnSummary& out) {
  std::array<double, 2> sums{};
  std::array<std::size_t, 2> counts{};
  std::size_t seen = 0;
  for (const Rows& range : rows) {
    std::size_t run = 0;
    for (std::size_t row = range.begin; row < range.end; ++row, ++seen) {
      const double value = column[row];
      if (!std::isfinite(value)) {
        run = 0;
        continue;
      }
      run = run > 0 && value == column[row - 1] ? run + 1 : 1;
      out.longest_run = std::max(out.longest_run, run);
      const std::size_t half = seen < out.rows - out.rows / 2 ? 0 : 1;
      sums[half] += value - near;
      ++counts[half];
    }
  }
  const auto mean = [&](std::size_t half) {
    return counts[half] == 0 ? 0.0 : near + sums[half] / static_cast<double>(counts[half]);
  };
  out.first_half_mean = mean(0);
  out.second_half_mean = mean(1);
}

}  // namespace

ColumnSummary summarise_column(std::span<const double> column, std::span<const Rows> rows,
                               const SummaryOptions& options) {
  ColumnSummary out{.rows = count_rows(rows, column.size())};
  const std::vector<double> sorted = sorted_finite(column, rows);
  out.finite = sorted.size();
  if (out.finite < out.rows) {
    for (const Rows& range : rows) {
      for (const double value : column.subspan(range.begin, range.size())) out.nan += std::isnan(value) ? 1 : 0;
    }
    out.infinite = out.rows - out.finite - out.nan;
  }
  if (out.finite == 0) return out;
  describe_sorted(sorted, options, out);
  describe_order(column, rows, out.median, out);
  return out;
}

std::vector<ColumnSummary> summarise_columns(std::span<const std::span<const double>> columns,
                                             std::span<const Rows> rows, const SummaryOptions& options,
                                             unsigned threads) {
  std::vector<ColumnSummary> out(columns.size());
  for_each_piece(columns.size(), threads, [&](std::size_t c) { out[c] = summarise_column(columns[c], rows, options); });
  return out;
}

}  // namespace moola::market
