#include "market/indicators/directional_movement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/row_blocks.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Less than any sum of ranges that prices can have; what is left of one after many bars that did not move.
constexpr double kNoRange = 1e-290;

// The sums over the rows of one block and those kept before it.
class Sums {
 public:
  Sums(const BarColumns& bars, const RowBlocks& blocks, int period)
      : bars_(bars), first_(blocks.first()), kept_(1.0 - 1.0 / period), plus_(blocks), minus_(blocks), range_(blocks) {
    for (std::size_t row = 1; row <= first_ && row < bars.size(); ++row) add(row, 1.0);
  }

  void advance(RowBlock block) {
    plus = plus_.advance(block);
    minus = minus_.advance(block);
    range = range_.advance(block);
    // The kernel looks back on sums that it has made out of as many bars.
    std::size_t row = block.begin;
    for (; row < block.end && row <= first_ + row_kernels::kDecayHistory; ++row) {
      if (row > first_) add(row, kept_);
      plus[row - block.begin] = plus_now_;
      minus[row - block.begin] = minus_now_;
      range[row - block.begin] = range_now_;
    }
    const std::size_t done = row - block.begin;
    row_kernels::kernels(isa()).directional_sums(bars_.high.data() + row, bars_.low.data() + row,
                                                 bars_.close.data() + row, block.end - row, kept_, plus + done,
                                                 minus + done, range + done);
  }

  double *plus = nullptr, *minus = nullptr, *range = nullptr;  // from the block's first row on

 private:
  void add(std::size_t row, double kept) {
    const double rise = bars_.high[row] - bars_.high[row - 1], fall = bars_.low[row - 1] - bars_.low[row];
    const double before = bars_.close[row - 1];
    plus_now_ = kept * plus_now_ + (rise > fall ? std::max(rise, 0.0) : 0.0);
    minus_now_ = kept * minus_now_ + (fall > rise ? std::max(fall, 0.0) : 0.0);
    range_now_ = kept * range_now_ + (std::max(bars_.high[row], before) - std::min(bars_.low[row], before));
  }

  const BarColumns bars_;
  std::size_t first_;
  double kept_, plus_now_ = 0, minus_now_ = 0, range_now_ = 0;
  BlockColumn plus_, minus_, range_;
};

// Returns how many have no range.
std::int64_t put_indicator(const double* movement, const double* range, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double indicator = 100.0 * (movement[i] / range[i]);
    out[i] = range[i] > kNoRange ? indicator : 0.0;
  }
  std::int64_t still = 0;
  for (std::size_t i = 0; i < rows; ++i) still += range[i] > kNoRange ? 0 : 1;
  return still;
}

// NaN for 0 / 0.
void put_indexes(const double* plus, const double* minus, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double both = plus[i] + minus[i], index = 100.0 * (std::fabs(plus[i] - minus[i]) / both);
    out[i] = both > kNoRange ? index : kNaN;
  }
}

std::int64_t count_undefined(const double* index, std::size_t rows) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < rows; ++i) count += index[i] == index[i] ? 0 : 1;
  return count;
}

// Wilder's average of indexes, which stays where there is none.
class IndexAverage {
 public:
  /// `first`: the row of the first index.
  IndexAverage(int period, std::size_t first)
      : period_(length(period)),
        first_(first + period_ - 1),
        begun_(first_),
        decay_({.kept = 1.0 - 1.0 / period, .share = 1.0 / period}) {}

  std::size_t first() const { return first_; }

  /// `index` and `out` point to the block's first row; the period - 1 rows before `index` are read.
  void compute(RowBlock block, const double* index, double* out) {
    double seed = 0;
    if (first_ >= block.begin && first_ < block.end) {
      for (std::size_t back = period_; back-- > 0;) {
        const double value = *(index + (first_ - block.begin) - back);
        seed += std::isnan(value) ? 0.0 : value;
      }
      seed /= static_cast<double>(period_);
    }
    const auto missing = [&](std::size_t row) { return std::isnan(index[row - block.begin]); };
    for (std::size_t row = block.from(first_).begin; row < block.end;) {
      std::size_t end = row == first_ ? row + 1 : row;
      while (end < block.end && !missing(end)) ++end;
      decay_.compute({row, end}, begun_, seed, index + (row - block.begin), out + (row - block.begin));
      for (row = end; row < block.end && missing(row); ++row) {
        out[row - block.begin] = *(out + (row - block.begin) - 1);
        begun_ = row;
      }
    }
  }

 private:
  std::size_t period_, first_, begun_;  // the row from whose value the average goes on
  BlockDecay decay_;
};

}  // namespace

DirectionalUndefined directional_movement(const BarColumns& bars, int period, WilderStart start,
                                          const DirectionalColumns& columns) {
  const std::size_t n = bars.size(), first = length(period), summed = start == WilderStart::talib ? first - 1 : first;
  const std::size_t back = first - 1;
  IndexAverage average(period, first);
  const std::size_t first_rating = average.first() + back;
  const auto begin = [](std::size_t row, std::span<double> column) {
    if (!column.empty()) fill_before(row, column);
  };
  for (const auto& column : {columns.plus_sum, columns.minus_sum}) begin(summed, column);
  for (const auto& column : {columns.plus, columns.minus, columns.index}) begin(first, column);
  begin(average.first(), columns.average);
  begin(first_rating, columns.rating);

  DirectionalUndefined undefined;
  const bool averaged = !columns.average.empty() || !columns.rating.empty();
  const RowBlocks blocks(summed, n, first);
  Sums sums(bars, blocks, period);
  BlockColumn indexes(blocks), averages(blocks);
  double last = 0;
  blocks.each([&](RowBlock block) {
    sums.advance(block);
    const auto copy = [&](const double* from, std::size_t row, std::span<double> to) {
      const std::size_t skip = block.from(row).begin - block.begin;
      if (!to.empty()) std::copy(from + skip, from + block.rows(), to.data() + block.begin + skip);
    };
    copy(sums.plus, summed, columns.plus_sum);
    copy(sums.minus, summed, columns.minus_sum);
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    const auto indicate = [&](const double* movement, std::span<double> to) {
      return to.empty() ? 0 : put_indicator(movement + skip, sums.range + skip, rows, to.data() + block.begin + skip);
    };
    undefined.plus += indicate(sums.plus, columns.plus);
    undefined.minus += indicate(sums.minus, columns.minus);
    if (columns.index.empty() && !averaged) return;

    double* const index = indexes.advance(block);
    put_indexes(sums.plus + skip, sums.minus + skip, rows, index + skip);
    const auto undefined_from = [&](std::size_t row) {
      const RowBlock rest = block.from(row);
      return count_undefined(index + (rest.begin - block.begin), rest.rows());
    };
    if (!columns.index.empty()) {
      undefined.index += undefined_from(first);
      double* const out = columns.index.data() + block.begin;
      for (std::size_t i = skip; i < block.rows(); ++i) {
        last = std::isnan(index[i]) ? last : index[i];
        out[i] = last;
      }
    }
    if (!averaged) return;
    double* const mean = averages.advance(block);
    average.compute(block, index, mean);
    copy(mean, average.first(), columns.average);
    undefined.average += undefined_from(average.first());
    if (columns.rating.empty()) return;
    undefined.rating += undefined_from(first_rating);
    double* const out = columns.rating.data() + block.begin;
    for (std::size_t i = block.from(first_rating).begin - block.begin; i < block.rows(); ++i)
      out[i] = (mean[i] + *(mean + i - back)) * 0.5;
  });
  return undefined;
}

}  // namespace moola::market
