#include "market/checks/correlation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "base/parallel_pieces.h"
#include "market/checks/lane_sum.h"
#include "market/checks/product_kernel.h"
#include "market/checks/ranks.h"

namespace moola::market {
namespace {

// Sums are put together by pieces of the rows, whatever the number of threads.
constexpr std::size_t kPieces = 32;
constexpr std::size_t kBlock = product_kernel::kRows;
constexpr std::size_t kGroup = product_kernel::kColumns;

// Rows of several ranges, by their number among those that are looked at.
class SampledRows {
 public:
  SampledRows(std::span<const Rows> ranges, std::size_t stride) : ranges_(ranges), stride_(stride) {
    for (const Rows& range : ranges) all_ += range.size();
  }
  std::size_t count() const { return (all_ + stride_ - 1) / stride_; }

  // The table's rows of the numbers [begin, begin + out.size()).
  void find(std::size_t begin, std::span<std::size_t> out) const {
    std::size_t range = 0, skipped = 0, at = begin * stride_;
    for (std::size_t& row : out) {
      while (at - skipped >= ranges_[range].size()) skipped += ranges_[range++].size();
      row = ranges_[range].begin + (at - skipped);
      at += stride_;
    }
  }
  // Calls look(rows) for blocks of rows, those of the numbers [begin, end).
  void for_each_block(std::size_t begin, std::size_t end, const auto& look) const {
    std::array<std::size_t, kBlock> rows;
    for (std::size_t at = begin; at < end; at += kBlock) {
      const std::span block(rows.data(), std::min(kBlock, end - at));
      find(at, block);
      look(std::span<const std::size_t>(block));
    }
  }

 private:
  std::span<const Rows> ranges_;
  std::size_t stride_, all_ = 0;
};

double mean_of_finite(std::span<const double> column, const SampledRows& sample) {
  LaneSum sum;
  double near = 0;
  std::size_t finite = 0;
  sample.for_each_block(0, sample.count(), [&](std::span<const std::size_t> rows) {
    for (const std::size_t row : rows) {
      const double value = column[row];
      if (!std::isfinite(value)) continue;
      if (finite == 0) near = value;
      sum.add(finite++, value - near);
    }
  });
  return finite == 0 ? 0.0 : near + sum.total() / static_cast<double>(finite);
}

// Distances of all columns from their means, as the kernel wants them.
void fill_block(std::span<const std::span<const double>> columns, std::span<const double> means,
                std::span<const std::size_t> rows, std::span<double> block) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const double* const from = columns[c].data();
    double* const to = block.data() + c / kGroup * kBlock * kGroup + c % kGroup;
    const double mean = means[c];
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const double value = from[rows[r]];
      to[r * kGroup] = std::isfinite(value) ? value - mean : 0.0;
    }
  }
}

CorrelationMatrix matrix_of(const std::vector<double>& products, std::size_t columns, std::size_t width) {
  CorrelationMatrix out{.columns = columns, .values = std::vector<double>(columns * columns)};
  for (std::size_t i = 0; i < columns; ++i) {
    out.values[i * columns + i] = 1.0;
    for (std::size_t j = i + 1; j < columns; ++j) {
      const double a = products[i * width + i], b = products[j * width + j];
      // One root leaves 1 for a column and its multiple; two where the product leaves the numbers' range.
      const double scale = std::isnormal(a * b) ? std::sqrt(a * b) : std::sqrt(a) * std::sqrt(b);
      const double value = scale > 0 ? std::clamp(products[i * width + j] / scale, -1.0, 1.0) : 0.0;
      out.values[i * columns + j] = out.values[j * columns + i] = value;
    }
  }
  return out;
}

CorrelationMatrix correlate_sample(std::span<const std::span<const double>> columns, const SampledRows& sample,
                                   unsigned threads) {
  std::vector<double> means(columns.size());
  for_each_piece(columns.size(), threads, [&](std::size_t c) { means[c] = mean_of_finite(columns[c], sample); });
  const std::size_t groups = (columns.size() + kGroup - 1) / kGroup, width = groups * kGroup;
  const std::size_t blocks = (sample.count() + kBlock - 1) / kBlock;
  const std::size_t piece_rows = (blocks + kPieces - 1) / kPieces * kBlock;
  std::vector<std::vector<double>> sums(kPieces);
  const auto add_products = product_kernel::add_products(isa());
  for_each_piece(kPieces, threads, [&](std::size_t piece) {
    const std::size_t begin = std::min(sample.count(), piece * piece_rows);
    const std::size_t end = std::min(sample.count(), begin + piece_rows);
    if (begin == end) return;
    sums[piece].assign(width * width, 0.0);
    std::vector<double> block(groups * kBlock * kGroup);
    sample.for_each_block(begin, end, [&](std::span<const std::size_t> rows) {
      fill_block(columns, means, rows, block);
      add_products(block.data(), groups, rows.size(), sums[piece].data());
    });
  });
  std::vector<double> products(width * width);
  for (const std::vector<double>& piece : sums) {
    for (std::size_t i = 0; i < piece.size(); ++i) products[i] += piece[i];
  }
  CorrelationMatrix out = matrix_of(products, columns.size(), width);
  out.rows = sample.count();
  return out;
}

// Which set each column belongs to; a set is known by its first column.
class UnionFind {
 public:
  explicit UnionFind(std::size_t count) : parent_(count) {
    for (std::size_t i = 0; i < count; ++i) parent_[i] = i;
  }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t i, std::size_t j) {
    const std::size_t a = find(i), b = find(j);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

CorrelationMatrix correlate(std::span<const std::span<const double>> columns, std::span<const Rows> rows,
                            const CorrelationOptions& options, unsigned threads) {
  if (options.stride == 0) throw std::invalid_argument("correlations of every 0th row");
  for (const auto& column : columns) static_cast<void>(count_rows(rows, column.size()));
  const SampledRows sample(rows, options.stride);
  if (!options.ranks) return correlate_sample(columns, sample, threads);
  std::vector<std::vector<double>> ranks(columns.size());
  for_each_piece(columns.size(), threads, [&](std::size_t c) {
    std::vector<double> values;
    values.reserve(sample.count());
    sample.for_each_block(0, sample.count(), [&](std::span<const std::size_t> block) {
      for (const std::size_t row : block) values.push_back(columns[c][row]);
    });
    ranks[c] = midranks(values);
  });
  const std::vector<std::span<const double>> spans(ranks.begin(), ranks.end());
  const Rows all{.begin = 0, .end = sample.count()};
  return correlate_sample(spans, SampledRows({&all, 1}, 1), threads);
}

std::vector<CorrelatedPair> strongest_pairs(const CorrelationMatrix& matrix, double threshold, std::size_t limit) {
  std::vector<CorrelatedPair> pairs;
  for (std::size_t i = 0; i < matrix.columns; ++i) {
    for (std::size_t j = i + 1; j < matrix.columns; ++j) {
      if (std::fabs(matrix.at(i, j)) > threshold) pairs.push_back({i, j, matrix.at(i, j)});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const CorrelatedPair& a, const CorrelatedPair& b) {
    return std::fabs(a.correlation) > std::fabs(b.correlation);
  });
  pairs.resize(std::min(pairs.size(), limit));
  return pairs;
}

std::vector<CorrelationGroup> correlation_groups(const CorrelationMatrix& matrix, double threshold,
                                                 std::span<const double> priority) {
  if (!priority.empty() && priority.size() != matrix.columns)
    throw std::invalid_argument("priorities of other columns than those that correlate");
  UnionFind sets(matrix.columns);
  std::vector<CorrelationGroup> by_first(matrix.columns);
  for (std::size_t i = 0; i < matrix.columns; ++i) {
    for (std::size_t j = i + 1; j < matrix.columns; ++j) {
      if (std::fabs(matrix.at(i, j)) > threshold) sets.join(i, j);
    }
  }
  for (std::size_t i = 0; i < matrix.columns; ++i) {
    CorrelationGroup& group = by_first[sets.find(i)];
    for (const std::size_t other : group.columns)
      group.strongest = std::max(group.strongest, std::fabs(matrix.at(i, other)));
    if (group.columns.empty() || (!priority.empty() && priority[i] > priority[group.kept])) group.kept = i;
    group.columns.push_back(i);
  }
  std::erase_if(by_first, [](const CorrelationGroup& group) { return group.columns.size() < 2; });
  return by_first;
}

}  // namespace moola::market
