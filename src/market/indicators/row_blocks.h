#pragma once
// For indicators of several steps: some rows at a time go through all steps, so that what lies between them stays in
// the processor's cache. Blocks are laid out from the first row on, so no value depends on how many rows follow.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/isa.h"
#include "market/indicators/rolling_kernels.h"
#include "market/indicators/row_kernels.h"

namespace moola::market {

/// Rows [begin, end) of a series.
struct RowBlock {
  std::size_t begin, end;
  std::size_t rows() const { return end - begin; }
  /// Those of its rows that are not before `first`.
  RowBlock from(std::size_t first) const { return {std::clamp(first, begin, end), end}; }
};

/// Rows [first, n) in blocks. `look_back`: how many rows before a block its steps read at most; windows that reach far
/// back get blocks that are longer than what they read again.
class RowBlocks {
 public:
  RowBlocks(std::size_t first, std::size_t n, std::size_t look_back)
      : first_(std::min(first, n)),
        n_(n),
        look_back_(std::max(std::min(look_back, n), row_kernels::kDecayHistory)),
        most_(std::max(std::size_t{192}, 2 * look_back_)) {}

  /// Calls step(RowBlock) for each, in order.
  template <class Step>
  void each(Step&& step) const {
    for (std::size_t begin = first_; begin < n_; begin += most_) step(RowBlock{begin, std::min(n_, begin + most_)});
  }
  std::size_t first() const { return first_; }
  std::size_t look_back() const { return look_back_; }
  /// Rows of the longest block.
  std::size_t most() const { return std::min(most_, n_ - first_); }

 private:
  std::size_t first_, n_, look_back_, most_;
};

/// A column of which the rows of one block, and as many before it as the steps read, are there at a time. Before the
/// first block it holds zeros.
class BlockColumn {
 public:
  explicit BlockColumn(const RowBlocks& blocks)
      : look_back_(blocks.look_back()), begin_(blocks.first()), end_(begin_), data_(look_back_ + blocks.most()) {}

  /// Goes on to `block`, which begins where the last one ended; returns where its rows are to be written.
  double* advance(RowBlock block) {
    if (end_ > begin_) {
      std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(end_ - begin_), look_back_, data_.begin());
    }
    begin_ = block.begin;
    end_ = block.end;
    return data_.data() + look_back_;
  }
  /// From `row` on, which is of the block or one of the rows before it that are kept.
  double* at(std::size_t row) { return data_.data() + (look_back_ + row - begin_); }

 private:
  std::size_t look_back_, begin_, end_;
  std::vector<double> data_;
};

/// The windows of rolling.h over rows of a block, of which there may be none. `x` and `out` point to the first of them;
/// the period - 1 rows before `x` are read.
class BlockWindows {
 public:
  BlockWindows(const RowBlocks& blocks, std::size_t longest)
      : kernels_(rolling::kernels(isa())), work_(rolling::work_size(blocks.most(), longest)) {}

  void sum(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.sum(x - (period - 1), rows, period, out, work_.data());
  }
  void max(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.max(x - (period - 1), rows, period, out, work_.data());
  }
  void min(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.min(x - (period - 1), rows, period, out, work_.data());
  }
  void since_max(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.since_max(x - (period - 1), rows, period, out, work_.data());
  }
  void since_min(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.since_min(x - (period - 1), rows, period, out, work_.data());
  }
  void weighted_sum(const double* x, std::size_t rows, std::size_t period, double* out) {
    if (rows > 0) kernels_.weighted_sum(x - (period - 1), rows, period, 1.0, out, work_.data());
  }
  void mean_deviation(const double* x, const double* mean, std::size_t rows, std::size_t period, double* out) const {
    if (rows > 0) kernels_.mean_deviation(x - (period - 1), mean, rows, period, out);
  }

 private:
  const rolling::Kernels& kernels_;
  std::vector<double> work_;
};

/// out = scale part / whole, or `neutral` where `whole` is 0; returns on how many rows it is. Rows of a block, of which
/// there may be none; `out` may be `part` or `whole`.
inline std::int64_t block_ratio(const double* part, const double* whole, std::size_t rows, double scale, double neutral,
                                double* out) {
  return row_kernels::kernels(isa()).ratio(part, whole, rows, scale, neutral, out);
}

/// y = kept y + share x, row by row, from a first value on.
class BlockDecay {
 public:
  explicit BlockDecay(row_kernels::DecayRate rate) : rate_(rate) {}

  /// Over the rows of `block` that are after `first`, whose value is `seed`. `x` and `out` point to the block's first
  /// row, kDecayHistory rows before both are read.
  void compute(RowBlock block, std::size_t first, double seed, const double* x, double* out) const {
    const std::size_t done = one_by_one(block, first, seed, x, out);
    row_kernels::kernels(isa()).decay(x + done, block.rows() - done, rate_, out + done);
  }
  /// This and another at once, and this less the other.
  void compute(RowBlock block, std::size_t first, double seed, const double* x, double* out, const BlockDecay& other,
               double other_seed, double* other_out, double* apart) const {
    const std::size_t done = one_by_one(block, first, seed, x, out);
    other.one_by_one(block, first, other_seed, x, other_out);
    for (std::size_t i = 0; i < done; ++i) apart[i] = out[i] - other_out[i];
    row_kernels::kernels(isa()).two_decays(x + done, block.rows() - done, rate_, other.rate_, out + done,
                                           other_out + done, apart + done);
  }

 private:
  // Until there are enough rows to look back on; returns how many of the block's are then behind.
  std::size_t one_by_one(RowBlock block, std::size_t first, double seed, const double* x, double* out) const {
    std::size_t row = block.from(first).begin;
    for (; row < block.end && row < first + row_kernels::kDecayHistory; ++row) {
      const std::size_t i = row - block.begin;
      out[i] = row == first ? seed : rate_.kept * (out + i)[-1] + rate_.share * x[i];
    }
    return row - block.begin;
  }

  row_kernels::DecayRate rate_;
};

/// An average that begins with the mean of `period` values and then takes a share of every new one.
class BlockAverage {
 public:
  /// `first_input`: the row of the first of those values.
  BlockAverage(int period, double share, std::size_t first_input)
      : period_(static_cast<std::size_t>(period)),
        first_(first_input + period_ - 1),
        decay_({.kept = 1.0 - share, .share = share}) {}

  static BlockAverage exponential(int period, std::size_t first_input) {
    return {period, 2.0 / (period + 1), first_input};
  }
  static BlockAverage wilder(int period, std::size_t first_input) { return {period, 1.0 / period, first_input}; }

  /// Row of the first value.
  std::size_t first() const { return first_; }

  /// `x` and `out` point to the block's first row; the period - 1 rows before `x` are read.
  void compute(RowBlock block, const double* x, double* out) const {
    double seed = 0;
    if (first_ >= block.begin && first_ < block.end) {
      const double* const newest = x + (first_ - block.begin);
      for (std::size_t k = period_; k-- > 0;) seed += *(newest - k);
      seed /= static_cast<double>(period_);
    }
    decay_.compute(block, first_, seed, x, out);
  }

 private:
  std::size_t period_, first_;
  BlockDecay decay_;
};

/// How far a series is ahead of its exponential average that begins with the mean of `period` values: this keeps its
/// share of the lead and of what the series has moved. No digits are lost where the series is large and moves little,
/// and it goes to 0 where the series does not move.
class BlockLead {
 public:
  /// `first_input`: the row of the first of those values.
  BlockLead(int period, std::size_t first_input)
      : period_(static_cast<std::size_t>(period)), first_(first_input + period_ - 1), kept_(1.0 - 2.0 / (period + 1)) {}

  /// Row of the first value.
  std::size_t first() const { return first_; }

  /// `x` and `out` point to the block's first row; the period - 1 rows before `x` are read.
  void compute(RowBlock block, const double* x, double* out) const {
    std::size_t i = block.from(first_).begin - block.begin;
    if (i < block.rows() && block.begin + i == first_) {
      out[i] = 0;
      for (std::size_t k = period_; k-- > 0;) out[i] += x[i] - *(x + i - k);
      out[i] /= static_cast<double>(period_);
      ++i;
    }
    for (; i < block.rows() && block.begin + i < first_ + row_kernels::kDecayHistory; ++i)
      out[i] = kept_ * ((out + i)[-1] + (x[i] - (x + i)[-1]));
    row_kernels::kernels(isa()).lead(x + i, block.rows() - i, kept_, out + i);
  }

 private:
  std::size_t period_, first_;
  double kept_;
};

/// Sums over all rows so far. Each block is added up by itself and what the total rounds off is kept, so that the error
/// does not grow along the series.
class BlockTotal {
 public:
  /// total(before, lost) writes the totals of a block's rows, see row_kernels::Kernels, and returns what they add.
  template <class Total>
  void compute(Total&& total) {
    const double more = total(total_, lost_) + lost_, next = total_ + more, of_more = next - total_;
    lost_ = (total_ - (next - of_more)) + (more - of_more);
    total_ = next;
  }

 private:
  double total_ = 0, lost_ = 0;
};

/// A period of bars as a number of rows.
inline std::size_t length(int period) {
  return static_cast<std::size_t>(period);
}

/// NaN in the rows before `first`.
inline void fill_before(std::size_t first, std::span<double> out) {
  std::fill_n(out.begin(), std::min(first, out.size()), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace moola::market
