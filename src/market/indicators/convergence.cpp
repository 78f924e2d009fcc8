#include "market/indicators/convergence.h"

#include <algorithm>
#include <array>

#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"

namespace moola::market {

namespace {

std::size_t longest(int a, int b, int c = 0) {
  return length(std::max({a, b, c}));
}

// `begin`: the rows with which the averages begin.
struct MacdBegin {
  std::size_t fast, slow;
  bool together;  // no output before the signal's first row
};

// The averages enter by how far x is ahead of them, see BlockLead.
void convergence(std::span<const double> x, MacdLengths lengths, MacdBegin begin, std::span<double> line,
                 std::span<double> signal, std::span<double> histogram) {
  const RowBlocks blocks(std::min(begin.fast, begin.slow), x.size(),
                         longest(lengths.fast, lengths.slow, lengths.signal));
  BlockColumn fast(blocks), slow(blocks), lines(blocks), histograms(blocks);
  const BlockLead over_fast(lengths.fast, begin.fast), over_slow(lengths.slow, begin.slow);
  const std::size_t first_line = std::max(over_fast.first(), over_slow.first());
  const BlockLead over_line(lengths.signal, first_line);
  const std::size_t first_signal = over_line.first(), first_shown = begin.together ? first_signal : first_line;
  if (!line.empty()) fill_before(first_shown, line);
  if (!signal.empty()) fill_before(first_signal, signal);
  if (!histogram.empty()) fill_before(first_signal, histogram);
  blocks.each([&](RowBlock block) {
    double *const quick = fast.advance(block), *const calm = slow.advance(block);
    double *const apart = lines.advance(block), *const ahead = histograms.advance(block);
    const std::size_t rows = block.rows();
    over_fast.compute(block, x.data() + block.begin, quick);
    over_slow.compute(block, x.data() + block.begin, calm);
    for (std::size_t i = block.from(first_line).begin - block.begin; i < rows; ++i) apart[i] = calm[i] - quick[i];
    over_line.compute(block, apart, ahead);
    const std::size_t skip = block.from(first_signal).begin - block.begin;
    if (!line.empty()) {
      const std::size_t shown = block.from(first_shown).begin - block.begin;
      std::copy(apart + shown, apart + rows, line.data() + block.begin + shown);
    }
    if (!histogram.empty()) std::copy(ahead + skip, ahead + rows, histogram.data() + block.begin + skip);
    if (signal.empty()) return;
    double* const to = signal.data() + block.begin;
    for (std::size_t i = skip; i < rows; ++i) to[i] = apart[i] - ahead[i];
  });
}

}  // namespace

void macd(std::span<const double> x, MacdLengths lengths, std::span<double> line, std::span<double> signal,
          std::span<double> histogram) {
  const std::size_t start = leading_nans(x);
  convergence(x, lengths, {.fast = start, .slow = start, .together = false}, line, signal, histogram);
}

void talib_macd(std::span<const double> x, MacdLengths lengths, std::span<double> line, std::span<double> signal,
                std::span<double> histogram) {
  if (lengths.fast > lengths.slow) std::swap(lengths.fast, lengths.slow);
  const std::size_t start = leading_nans(x);
  convergence(x, lengths, {.fast = start + length(lengths.slow - lengths.fast), .slow = start, .together = true}, line,
              signal, histogram);
}

namespace {

// Calls put(row, rows, apart, calm) for some rows at a time with the sums of windows of `fast` and `slow` numbers:
// `apart` is the difference of the means times fast times slow, `calm` the slow mean times the same. One division is
// left, or none, and prices that do not move cancel. middle(i) is the number of row i.
template <class Middle, class Put>
void two_means(std::size_t start, std::size_t n, int fast, int slow, Middle&& middle, Put&& put) {
  const std::size_t quick = length(fast), calm = length(slow), first = start + std::max(quick, calm) - 1;
  const RowBlocks blocks(start, n, std::max(quick, calm));
  BlockColumn numbers(blocks), quick_sums(blocks), calm_sums(blocks);
  BlockWindows windows(blocks, std::max(quick, calm));
  blocks.each([&](RowBlock block) {
    double* const x = numbers.advance(block);
    double *const quick_sum = quick_sums.advance(block), *const calm_sum = calm_sums.advance(block);
    for (std::size_t i = 0; i < block.rows(); ++i) x[i] = middle(block.begin + i);
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    windows.sum(x + skip, rows, quick, quick_sum);
    windows.sum(x + skip, rows, calm, calm_sum);
    for (std::size_t i = 0; i < rows; ++i) {
      calm_sum[i] *= fast;
      quick_sum[i] = quick_sum[i] * slow - calm_sum[i];
    }
    put(block.begin + skip, rows, quick_sum, calm_sum);
  });
}

template <class Middle>
void difference_of_means(std::size_t start, std::size_t n, int fast, int slow, std::span<double> out, Middle&& middle) {
  const double share = 1.0 / (static_cast<double>(fast) * slow);
  fill_before(start + longest(fast, slow) - 1, out);
  two_means(start, n, fast, slow, middle, [&](std::size_t row, std::size_t rows, const double* apart, const double*) {
    double* const to = out.data() + row;
    for (std::size_t i = 0; i < rows; ++i) to[i] = apart[i] * share;
  });
}

}  // namespace

void apo(std::span<const double> x, int fast, int slow, std::span<double> out) {
  const double* const from = x.data();
  difference_of_means(leading_nans(x), x.size(), std::min(fast, slow), std::max(fast, slow), out,
                      [=](std::size_t i) { return from[i]; });
}

void ppo(std::span<const double> x, int fast, int slow, std::span<double> out) {
  const double* const from = x.data();
  fill_before(leading_nans(x) + longest(fast, slow) - 1, out);
  two_means(
      leading_nans(x), x.size(), std::min(fast, slow), std::max(fast, slow), [=](std::size_t i) { return from[i]; },
      [&](std::size_t row, std::size_t rows, const double* apart, const double* calm) {
        block_ratio(apart, calm, rows, 100.0, 0.0, out.data() + row);
      });
}

void awesome_oscillator(std::span<const double> high, std::span<const double> low, int fast, int slow,
                        std::span<double> out) {
  const double *const top = high.data(), *const bottom = low.data();
  difference_of_means(0, high.size(), fast, slow, out, [=](std::size_t i) { return (top[i] + bottom[i]) * 0.5; });
}

void trix(std::span<const double> x, int period, std::span<double> out) {
  const std::size_t start = leading_nans(x);
  const RowBlocks blocks(start, x.size(), length(period));
  std::array<BlockColumn, 3> columns{BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks)};
  BlockAverage once = BlockAverage::exponential(period, start);
  BlockAverage twice = BlockAverage::exponential(period, once.first());
  BlockAverage thrice = BlockAverage::exponential(period, twice.first());
  const std::size_t first = thrice.first() + 1;
  fill_before(first, out);
  blocks.each([&](RowBlock block) {
    std::array<double*, 3> smooth{};
    for (std::size_t s = 0; s < 3; ++s) smooth[s] = columns[s].advance(block);
    once.compute(block, x.data() + block.begin, smooth[0]);
    twice.compute(block, smooth[0], smooth[1]);
    thrice.compute(block, smooth[1], smooth[2]);
    const double* const now = smooth[2];
    double* const to = out.data() + block.begin;
    for (std::size_t i = block.from(first).begin - block.begin; i < block.rows(); ++i) {
      const double before = (now + i)[-1];
      to[i] = (now[i] - before) / before * 100.0;
    }
  });
}

void kst(std::span<const double> x, int signal, std::span<double> line, std::span<double> signal_line) {
  struct Part {
    std::size_t change, average;
  };
  static constexpr std::array<Part, 4> kParts{{{10, 10}, {15, 10}, {20, 10}, {30, 15}}};
  const std::size_t start = leading_nans(x), first = start + 44, rows_of = length(signal);
  const std::size_t first_signal = first + rows_of - 1;
  const RowBlocks blocks(start, x.size(), std::max(std::size_t{15}, rows_of));
  std::array<BlockColumn, 4> rates{BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks)};
  BlockColumn lines(blocks), sums(blocks);
  BlockWindows windows(blocks, std::max(std::size_t{15}, rows_of));
  fill_before(first, line);
  fill_before(first_signal, signal_line);
  blocks.each([&](RowBlock block) {
    double *const total = lines.advance(block), *const sum = sums.advance(block);
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    for (std::size_t p = 0; p < kParts.size(); ++p) {
      double* const rate = rates[p].advance(block);
      const std::size_t lag = kParts[p].change;
      for (std::size_t row = block.from(start + lag).begin; row < block.end; ++row)
        rate[row - block.begin] = (x[row] - x[row - lag]) / x[row - lag] * 100.0;
      windows.sum(rate + skip, rows, kParts[p].average, sum);
      const double weight = static_cast<double>(p + 1) / static_cast<double>(kParts[p].average);
      if (p == 0) std::fill(total + skip, total + block.rows(), 0.0);
      for (std::size_t i = 0; i < rows; ++i) total[skip + i] += weight * sum[i];
    }
    std::copy(total + skip, total + block.rows(), line.data() + block.begin + skip);
    const std::size_t skip_signal = block.from(first_signal).begin - block.begin;
    double* const to = signal_line.data() + block.begin;
    windows.sum(total + skip_signal, block.rows() - skip_signal, rows_of, to + skip_signal);
    for (std::size_t i = skip_signal; i < block.rows(); ++i) to[i] /= signal;
  });
}

void coppock(std::span<const double> x, int average, int change_1, int change_2, std::span<double> out) {
  const std::size_t a = length(change_1), b = length(change_2), rows_of = length(average);
  const std::size_t start = leading_nans(x) + std::max(a, b), first = start + rows_of - 1;
  const RowBlocks blocks(start, x.size(), rows_of);
  BlockColumn rates(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  const double share = 1.0 / (0.5 * average * (average + 1.0));
  blocks.each([&](RowBlock block) {
    double* const rate = rates.advance(block);
    const double* const now = x.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double then_a = (now - a)[i], then_b = (now - b)[i];
      rate[i] = (now[i] - then_a) / then_a * 100.0 + (now[i] - then_b) / then_b * 100.0;
    }
    const std::size_t skip = block.from(first).begin - block.begin;
    double* const to = out.data() + block.begin;
    windows.weighted_sum(rate + skip, block.rows() - skip, rows_of, to + skip);
    for (std::size_t i = skip; i < block.rows(); ++i) to[i] *= share;
  });
}

}  // namespace moola::market
