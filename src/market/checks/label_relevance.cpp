#include "market/checks/label_relevance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "market/checks/radix_sort.h"
#include "market/checks/sorted_values.h"
#include "market/checks/tail_probabilities.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr std::uint64_t kClassBits = 3;  // a value's last two bits make room for its label
constexpr std::size_t kClasses = 3, kUp = 2;
using ClassCounts = std::array<double, kClasses>;

double total(const ClassCounts& counts) {
  return counts[0] + counts[1] + counts[2];
}

// What a column is sorted in. Some columns one after the other use the same memory, which is large.
struct Buffers {
  std::vector<std::uint64_t> items, other;
  std::vector<double> values;
};
constexpr std::size_t kColumnsTogether = 4;

// Values in order, each with its label in the last bits.
std::span<const std::uint64_t> sorted_with_labels(std::span<const double> column, std::span<const std::int8_t> labels,
                                                  std::span<const Rows> rows, Buffers& buffers) {
  std::vector<std::uint64_t>& items = buffers.items;
  items.resize(count_rows(rows, column.size()));
  std::size_t count = 0;
  for (const Rows& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const int label = labels[row];
      items[count] = (sort_key(column[row] + 0.0) & ~kClassBits) | (static_cast<std::uint64_t>(label + 1) & kClassBits);
      count += label >= -1 && label <= 1 && std::isfinite(column[row]) ? 1 : 0;
    }
  }
  items.resize(count);
  radix_sort(items, buffers.other, [](std::uint64_t item) { return item & ~kClassBits; });
  return items;
}

// Of items that have labels 0 and 1, which are all but those labelled -1.
struct LabelCounts {
  std::uint64_t middle = 0, up = 0;
  void add(std::uint64_t item) {
    middle += item & 1;
    up += (item >> 1) & 1;
  }
  ClassCounts of(std::uint64_t all) const {
    return {static_cast<double>(all - middle - up), static_cast<double>(middle), static_cast<double>(up)};
  }
};

// What comparing ranks needs.
struct RankSums {
  ClassCounts counts{}, ranks{};  // by class: rows, and the sum of their midranks
  double ties = 0;                // the sum of t^3 - t over values that t rows share
};

RankSums rank_sums(std::span<const std::uint64_t> items) {
  RankSums out;
  LabelCounts counts, twice_ranks;  // whole numbers: a midrank may be a half
  for (std::size_t begin = 0, end = 0; begin < items.size(); begin = end) {
    const std::uint64_t value = items[begin] & ~kClassBits;
    LabelCounts here;
    for (end = begin; end < items.size() && (items[end] & ~kClassBits) == value; ++end) here.add(items[end]);
    const std::uint64_t twice_middle = begin + 1 + end;
    counts.middle += here.middle;
    counts.up += here.up;
    twice_ranks.middle += here.middle * twice_middle;
    twice_ranks.up += here.up * twice_middle;
    if (end - begin == 1) continue;
    const auto equal = static_cast<double>(end - begin);
    out.ties += equal * equal * equal - equal;
  }
  out.counts = counts.of(items.size());
  out.ranks = twice_ranks.of(items.size() * (items.size() + 1));
  for (double& ranks : out.ranks) ranks /= 2;
  return out;
}

// The chance that a row labelled 1 lies above another, ties counting half.
double area_under_curve(const RankSums& sums) {
  const double up = sums.counts[kUp], others = total(sums.counts) - up;
  return up > 0 && others > 0 ? (sums.ranks[kUp] - up * (up + 1) / 2) / (up * others) : 0.5;
}

double rank_correlation(const RankSums& sums) {
  const double n = total(sums.counts), middle = (n + 1) / 2;
  double together = 0, label_ties = 0, before = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    const double count = sums.counts[c];
    together += (sums.ranks[c] - count * middle) * (before + (count + 1) / 2 - middle);
    label_ties += count * count * count - count;
    before += count;
  }
  const double all = n * n * n - n, scale = std::sqrt((all - sums.ties) * (all - label_ties)) / 12;
  return scale > 0 ? std::clamp(together / scale, -1.0, 1.0) : 0.0;
}

std::vector<ClassCounts> count_classes(std::span<const std::uint64_t> items, int bins, std::vector<double>& values) {
  values.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) values[i] = value_of_key(items[i] & ~kClassBits);
  const std::vector<double> cuts = quantile_cuts(values, bins);
  std::vector<ClassCounts> out;
  std::size_t at = 0;
  for (const std::size_t in_bin : count_in_bins(values, cuts)) {
    LabelCounts counts;
    for (const std::size_t end = at + in_bin; at < end; ++at) counts.add(items[at]);
    out.push_back(counts.of(in_bin));
  }
  return out;
}

// -n p log p of a share p = count / n.
double entropy_term(double count, double n) {
  return count > 0 ? -count * (portable_log(count) - portable_log(n)) : 0.0;
}

void describe_information(const std::vector<ClassCounts>& bins, double overlap, LabelRelevance& out) {
  ClassCounts labels{};
  for (const ClassCounts& bin : bins) {
    for (std::size_t c = 0; c < kClasses; ++c) labels[c] += bin[c];
  }
  const double n = total(labels);
  double of_column = 0, of_label = 0, of_both = 0;
  std::size_t columns = 0, classes = 0, cells = 0;  // that are not empty
  for (const ClassCounts& bin : bins) {
    of_column += entropy_term(total(bin), n);
    columns += total(bin) > 0 ? 1 : 0;
    for (const double count : bin) {
      of_both += entropy_term(count, n);
      cells += count > 0 ? 1 : 0;
    }
  }
  for (const double count : labels) {
    of_label += entropy_term(count, n);
    classes += count > 0 ? 1 : 0;
  }
  out.plug_in = std::max(0.0, (of_column + of_label - of_both) / n);
  const double correction = (static_cast<double>(columns + classes) - static_cast<double>(cells) - 1) / (2 * n);
  out.information = std::max(0.0, out.plug_in + correction);
  const double both = (of_column + of_label) / n;
  out.uncertainty = both > 0 ? 2 * out.plug_in / both : 0.0;
  const auto freedom = static_cast<double>((columns - 1) * (classes - 1));
  out.g_p = freedom > 0 ? chi_squared_survival(2 * n * out.plug_in / overlap, freedom) : 1.0;
}

LabelRelevance relevance_of(std::span<const double> column, std::span<const std::int8_t> labels,
                            std::span<const Rows> rows, const RelevanceOptions& options, Buffers& buffers) {
  const std::span<const std::uint64_t> items = sorted_with_labels(column, labels, rows, buffers);
  LabelRelevance out{.rows = items.size()};
  if (items.empty()) return out;
  const RankSums sums = rank_sums(items);
  out.auc = area_under_curve(sums);
  out.rank_correlation = rank_correlation(sums);
  const double freedom = static_cast<double>(out.rows) / options.overlap - 2;
  const double unexplained = 1 - out.rank_correlation * out.rank_correlation;
  if (freedom > 0 && unexplained > 0) out.rank_t = out.rank_correlation * std::sqrt(freedom / unexplained);
  describe_information(count_classes(items, options.bins, buffers.values), options.overlap, out);
  return out;
}

}  // namespace

std::vector<LabelRelevance> label_relevance(std::span<const std::span<const double>> columns,
                                            std::span<const std::int8_t> labels, std::span<const Rows> rows,
                                            const RelevanceOptions& options, unsigned threads) {
  if (options.bins < 2) throw ConfigError(fmt::format("information by {} bins: must be 2 or more.", options.bins));
  if (!(options.overlap >= 1))
    throw ConfigError(fmt::format("labels that overlap over {} rows: must be 1 or more.", options.overlap));
  for (const auto& column : columns) {
    if (column.size() != labels.size()) throw std::invalid_argument("labels of other rows than the columns");
  }
  std::vector<LabelRelevance> out(columns.size());
  for_each_piece((columns.size() + kColumnsTogether - 1) / kColumnsTogether, threads, [&](std::size_t piece) {
    Buffers buffers;
    const std::size_t begin = piece * kColumnsTogether, end = std::min(columns.size(), begin + kColumnsTogether);
    for (std::size_t c = begin; c < end; ++c) out[c] = relevance_of(columns[c], labels, rows, options, buffers);
  });
  return out;
}

std::vector<std::size_t> rank_features(std::span<const LabelRelevance> relevance) {
  std::vector<std::size_t> order(relevance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (relevance[a].information != relevance[b].information)
      return relevance[a].information > relevance[b].information;
    return std::fabs(relevance[a].auc - 0.5) > std::fabs(relevance[b].auc - 0.5);
  });
  return order;
}

}  // namespace moola::market
