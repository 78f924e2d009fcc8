#include "market/indicators/momentum.h"

#include <array>
#include <cmath>

#include "market/indicators/families.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

std::size_t length(int period) {
  return static_cast<std::size_t>(period);
}

std::size_t longest(int a, int b, int c = 0) {
  return length(std::max({a, b, c}));
}

// Calls put(row, rows, rises, falls, both) for some rows at a time, with Wilder's averages of the rises and of the
// falls and their sum.
template <class Put>
void rises_and_falls(std::span<const double> x, int period, Put&& put) {
  const std::size_t start = leading_nans(x) + 1;
  const RowBlocks blocks(start, x.size(), length(period));
  BlockColumn rises(blocks), falls(blocks), mean_rises(blocks), mean_falls(blocks), sums(blocks);
  BlockAverage up = BlockAverage::wilder(period, start), down = up;
  blocks.each([&](RowBlock block) {
    double *const rise = rises.advance(block), *const fall = falls.advance(block);
    double *const mean_rise = mean_rises.advance(block), *const mean_fall = mean_falls.advance(block);
    double* const both = sums.advance(block);
    const double* const now = x.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double change = now[i] - (now + i)[-1];
      rise[i] = change > 0.0 ? change : 0.0;
      fall[i] = change < 0.0 ? -change : 0.0;
    }
    up.compute(block, rise, mean_rise);
    down.compute(block, fall, mean_fall);
    const std::size_t skip = block.from(up.first()).begin - block.begin;
    for (std::size_t i = skip; i < block.rows(); ++i) both[i] = mean_rise[i] + mean_fall[i];
    put(block.begin + skip, block.rows() - skip, mean_rise + skip, mean_fall + skip, both + skip);
  });
}

// rsi, and whether it is above 70 and below 30; empty: not wanted.
std::int64_t strength(std::span<const double> x, int period, std::span<double> out, std::span<double> overbought,
                      std::span<double> oversold) {
  const std::size_t first = leading_nans(x) + length(period);
  for (const std::span<double> each : {out, overbought, oversold}) {
    if (!each.empty()) fill_before(first, each);
  }
  std::vector<double> unwanted;
  std::int64_t still = 0;
  rises_and_falls(x, period,
                  [&](std::size_t row, std::size_t rows, const double* rise, const double*, const double* both) {
                    if (out.empty()) unwanted.resize(std::max(unwanted.size(), rows));
                    double* const value = out.empty() ? unwanted.data() : out.data() + row;
                    still += block_ratio(rise, both, rows, 100.0, 0.0, value);
                    if (!overbought.empty()) {
                      double* const to = overbought.data() + row;
                      for (std::size_t i = 0; i < rows; ++i) to[i] = value[i] > 70.0 ? 1.0 : 0.0;
                    }
                    if (oversold.empty()) return;
                    double* const to = oversold.data() + row;
                    for (std::size_t i = 0; i < rows; ++i) to[i] = ((value[i] < 30.0) & (both[i] > 0.0)) ? 1.0 : 0.0;
                  });
  return still;
}

}  // namespace

std::int64_t rsi(std::span<const double> x, int period, std::span<double> out) {
  return strength(x, period, out, {}, {});
}

std::int64_t cmo(std::span<const double> x, int period, std::span<double> out) {
  fill_before(leading_nans(x) + length(period), out);
  std::int64_t still = 0;
  rises_and_falls(x, period,
                  [&](std::size_t row, std::size_t rows, const double* rise, const double* fall, const double* both) {
                    double* const to = out.data() + row;
                    for (std::size_t i = 0; i < rows; ++i) to[i] = rise[i] - fall[i];
                    still += block_ratio(to, both, rows, 100.0, 0.0, to);
                  });
  return still;
}

StochasticUndefined stochastic(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                               StochasticLengths lengths, double flat, std::span<double> k, std::span<double> d) {
  const std::size_t range = length(lengths.range), of_k = length(lengths.k), of_d = length(lengths.d);
  const std::size_t first_place = leading_nans(close) + range - 1;
  const std::size_t first_k = first_place + of_k - 1, first_d = first_k + of_d - 1;
  const RowBlocks blocks(first_place, close.size(), std::max({range, of_k, of_d}));
  BlockColumn places(blocks), means(blocks), highest(blocks), lowest(blocks);
  BlockWindows windows(blocks, std::max({range, of_k, of_d}));
  fill_before(first_k, k);
  fill_before(first_d, d);
  StochasticUndefined undefined{};
  blocks.each([&](RowBlock block) {
    double *const top = highest.advance(block), *const bottom = lowest.advance(block);
    double *const place = places.advance(block), *const mean = means.advance(block);
    const std::size_t rows = block.rows();
    windows.max(high.data() + block.begin, rows, range, top);
    windows.min(low.data() + block.begin, rows, range, bottom);
    const double* const now = close.data() + block.begin;
    const std::size_t skip_k = block.from(first_k).begin - block.begin;
    const std::size_t skip_d = block.from(first_d).begin - block.begin;
    for (std::size_t i = 0; i < rows; ++i) {
      place[i] = now[i] - bottom[i];
      top[i] -= bottom[i];
    }
    const auto relate = [&](std::size_t from, std::size_t to) {
      return block_ratio(place + from, top + from, to - from, 100.0, flat, place + from);
    };
    relate(0, skip_k);
    undefined.k += relate(skip_k, skip_d);
    const std::int64_t flat_in_d = relate(skip_d, rows);
    undefined.k += flat_in_d;
    undefined.d += flat_in_d;
    const double* percent_k = place;
    if (of_k > 1) {
      windows.sum(place + skip_k, rows - skip_k, of_k, mean + skip_k);
      for (std::size_t i = skip_k; i < rows; ++i) mean[i] /= lengths.k;
      percent_k = mean;
    }
    std::copy(percent_k + skip_k, percent_k + rows, k.data() + block.begin + skip_k);
    double* const to = d.data() + block.begin;
    windows.sum(percent_k + skip_d, rows - skip_d, of_d, to + skip_d);
    for (std::size_t i = skip_d; i < rows; ++i) to[i] /= lengths.d;
  });
  return undefined;
}

namespace {

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

std::int64_t cci(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
                 std::span<double> out) {
  const std::size_t rows_of = length(period), start = leading_nans(close), first = start + rows_of - 1;
  const RowBlocks blocks(start, close.size(), rows_of);
  BlockColumn typicals(blocks), means(blocks), deviations(blocks), unmoved(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t flat = 0;
  double still = -1;  // rows since the typical price was another
  blocks.each([&](RowBlock block) {
    double *const typical = typicals.advance(block), *const mean = means.advance(block);
    double *const deviation = deviations.advance(block), *const since = unmoved.advance(block);
    const std::size_t rows = block.rows(), skip = block.from(first).begin - block.begin;
    for (std::size_t i = 0; i < rows; ++i)
      typical[i] = (high[block.begin + i] + low[block.begin + i] + close[block.begin + i]) / 3.0;
    for (std::size_t i = 0; i < rows; ++i) {
      still = typical[i] == (typical + i)[-1] ? still + 1 : 0;
      since[i] = still;
    }
    windows.sum(typical + skip, rows - skip, rows_of, mean + skip);
    for (std::size_t i = skip; i < rows; ++i) mean[i] /= period;
    windows.mean_deviation(typical + skip, mean + skip, rows - skip, rows_of, deviation + skip);
    for (std::size_t i = skip; i < rows; ++i) {
      mean[i] = typical[i] - mean[i];
      deviation[i] = since[i] >= period - 1 ? 0.0 : deviation[i] * 0.015;
    }
    flat += block_ratio(mean + skip, deviation + skip, rows - skip, 1.0, 0.0, out.data() + block.begin + skip);
  });
  return flat;
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

std::int64_t ultimate_oscillator(std::span<const double> high, std::span<const double> low,
                                 std::span<const double> close, int period_1, int period_2, int period_3,
                                 std::span<double> out) {
  static constexpr std::array<double, 3> kWeights{400.0 / 7.0, 200.0 / 7.0, 100.0 / 7.0};
  std::array<std::size_t, 3> periods{length(period_1), length(period_2), length(period_3)};
  std::sort(periods.begin(), periods.end());
  const std::size_t n = close.size(), start = leading_nans(close) + 1, first = start + periods[2] - 1;
  const RowBlocks blocks(start, n, periods[2]);
  BlockColumn pressures(blocks), ranges(blocks);
  std::array<BlockColumn, 3> pressure_sums{BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks)};
  std::array<BlockColumn, 3> range_sums{BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks)};
  std::array<BlockColumn, 3> parts{BlockColumn(blocks), BlockColumn(blocks), BlockColumn(blocks)};
  BlockWindows windows(blocks, periods[2]);
  fill_before(first, out);
  std::int64_t flat = 0;
  blocks.each([&](RowBlock block) {
    double *const pressure = pressures.advance(block), *const range = ranges.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double* const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double before = (now + i)[-1];
      const double least = bottom[i] < before ? bottom[i] : before, most = top[i] > before ? top[i] : before;
      pressure[i] = now[i] - least;
      range[i] = most - least;
    }
    std::array<double*, 3> bought{}, moved{};
    for (std::size_t w = 0; w < 3; ++w) {
      bought[w] = pressure_sums[w].advance(block);
      moved[w] = range_sums[w].advance(block);
      const std::size_t skip = block.from(start + periods[w] - 1).begin - block.begin, rows = block.rows() - skip;
      // Twice the last window, as the usual ones are: two of those that are there.
      if (w > 0 && periods[w] == 2 * periods[w - 1]) {
        const auto join = [&](const double* half, double* whole) {
          const double* const before = half - periods[w - 1];
          for (std::size_t i = skip; i < block.rows(); ++i) whole[i] = before[i] + half[i];
        };
        join(bought[w - 1], bought[w]);
        join(moved[w - 1], moved[w]);
      } else {
        windows.sum(pressure + skip, rows, periods[w], bought[w] + skip);
        windows.sum(range + skip, rows, periods[w], moved[w] + skip);
      }
    }
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    double* const to = out.data() + block.begin + skip;
    std::array<double*, 3> part{};
    for (std::size_t w = 0; w < 3; ++w) {
      part[w] = parts[w].advance(block);
      const std::int64_t none = block_ratio(bought[w] + skip, moved[w] + skip, rows, kWeights[w], 0.0, part[w]);
      if (w == 0) flat += none;
    }
    for (std::size_t i = 0; i < rows; ++i) to[i] = part[0][i] + part[1][i] + part[2][i];
  });
  return flat;
}

std::int64_t williams_r(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                        int period, std::span<double> out) {
  const std::size_t rows_of = length(period), first = leading_nans(close) + rows_of - 1;
  const RowBlocks blocks(first, close.size(), rows_of);
  BlockColumn highest(blocks), lowest(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t flat = 0;
  blocks.each([&](RowBlock block) {
    double *const top = highest.advance(block), *const bottom = lowest.advance(block);
    windows.max(high.data() + block.begin, block.rows(), rows_of, top);
    windows.min(low.data() + block.begin, block.rows(), rows_of, bottom);
    const double* const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      bottom[i] = top[i] - bottom[i];
      top[i] -= now[i];
    }
    flat += block_ratio(top, bottom, block.rows(), -100.0, 0.0, out.data() + block.begin);
  });
  return flat;
}

std::int64_t balance_of_power(std::span<const double> open, std::span<const double> high, std::span<const double> low,
                              std::span<const double> close, std::span<double> out) {
  return row_kernels::kernels(isa()).body(open.data(), high.data(), low.data(), close.data(), close.size(), out.data());
}

std::int64_t imi(std::span<const double> open, std::span<const double> close, int period, std::span<double> out) {
  const std::size_t rows_of = length(period), start = leading_nans(close), first = start + rows_of - 1;
  const RowBlocks blocks(start, close.size(), rows_of);
  BlockColumn rises(blocks), falls(blocks), rise_sums(blocks), fall_sums(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t still = 0;
  blocks.each([&](RowBlock block) {
    double *const rise = rises.advance(block), *const fall = falls.advance(block);
    double *const up = rise_sums.advance(block), *const down = fall_sums.advance(block);
    const double *const from = open.data() + block.begin, *const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double change = now[i] - from[i];
      rise[i] = change > 0.0 ? change : 0.0;
      fall[i] = change < 0.0 ? -change : 0.0;
    }
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    windows.sum(rise + skip, rows, rows_of, up);
    windows.sum(fall + skip, rows, rows_of, down);
    for (std::size_t i = 0; i < rows; ++i) down[i] += up[i];
    still += block_ratio(up, down, rows, 100.0, 50.0, out.data() + block.begin + skip);
  });
  return still;
}

std::int64_t tsi(std::span<const double> x, int first_period, int second_period, std::span<double> out) {
  const std::size_t start = leading_nans(x) + 1;
  const RowBlocks blocks(start, x.size(), longest(first_period, second_period));
  BlockColumn changes(blocks), sizes(blocks), changes_once(blocks), sizes_once(blocks), changes_twice(blocks),
      sizes_twice(blocks);
  BlockAverage change_once = BlockAverage::exponential(first_period, start), size_once = change_once;
  BlockAverage change_twice = BlockAverage::exponential(second_period, change_once.first());
  BlockAverage size_twice = change_twice;
  const std::size_t first = change_twice.first();
  fill_before(first, out);
  std::int64_t still = 0;
  blocks.each([&](RowBlock block) {
    double *const change = changes.advance(block), *const size = sizes.advance(block);
    const double* const now = x.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      change[i] = now[i] - (now + i)[-1];
      size[i] = std::fabs(change[i]);
    }
    double *const once = changes_once.advance(block), *const twice = changes_twice.advance(block);
    double *const of_size = sizes_once.advance(block), *const of_sizes = sizes_twice.advance(block);
    change_once.compute(block, change, once);
    size_once.compute(block, size, of_size);
    change_twice.compute(block, once, twice);
    size_twice.compute(block, of_size, of_sizes);
    const std::size_t skip = block.from(first).begin - block.begin;
    still +=
        block_ratio(twice + skip, of_sizes + skip, block.rows() - skip, 100.0, 0.0, out.data() + block.begin + skip);
  });
  return still;
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

FisherUndefined fisher_transform(std::span<const double> high, std::span<const double> low, int period,
                                 std::span<double> out, std::span<double> before) {
  const std::size_t rows_of = length(period), first = rows_of - 1;
  const RowBlocks blocks(0, high.size(), rows_of);
  BlockColumn middles(blocks), highest(blocks), lowest(blocks), logs(blocks), results(blocks);
  BlockWindows windows(blocks, rows_of);
  const BlockDecay decay({.kept = 0.5, .share = 0.5});
  if (!out.empty()) fill_before(first, out);
  if (!before.empty()) fill_before(rows_of, before);
  FisherUndefined undefined{};
  double place = 0;
  blocks.each([&](RowBlock block) {
    double *const middle = middles.advance(block), *const top = highest.advance(block);
    double *const bottom = lowest.advance(block), *const log = logs.advance(block);
    double* const result = results.advance(block);
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows();
    for (std::size_t i = 0; i < rows; ++i) middle[i] = (high[block.begin + i] + low[block.begin + i]) * 0.5;
    windows.max(middle + skip, rows - skip, rows_of, top + skip);
    windows.min(middle + skip, rows - skip, rows_of, bottom + skip);
    for (std::size_t i = skip; i < rows; ++i) {
      log[i] = middle[i] - bottom[i];
      top[i] -= bottom[i];
    }
    undefined.now += block_ratio(log + skip, top + skip, rows - skip, 1.0, 0.5, log + skip);
    undefined.before = undefined.now - (block.end == high.size() && skip < rows && top[rows - 1] == 0.0 ? 1 : 0);
    for (std::size_t i = skip; i < rows; ++i) {
      place = 0.66 * (log[i] - 0.5) + 0.67 * place;
      place = place > 0.99 ? 0.999 : place < -0.99 ? -0.999 : place;
      top[i] = 1.0 + place;
      bottom[i] = 1.0 - place;
    }
    rolling::kernels(isa()).log_ratio(top + skip, bottom + skip, rows - skip, log + skip);
    decay.compute(block, first, skip < rows ? 0.5 * log[skip] : 0.0, log, result);
    if (!out.empty()) std::copy(result + skip, result + rows, out.data() + block.begin + skip);
    const RowBlock later = block.from(rows_of);
    if (!before.empty()) std::copy_n(results.at(later.begin) - 1, later.rows(), before.data() + later.begin);
  });
  return undefined;
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

namespace {

constexpr const char* kFamily = "momentum";

int longer_less_one(const ParameterValues& values) {
  return std::max(values.whole(0), values.whole(1)) - 1;
}

int macd_signal_first(const ParameterValues& values) {
  return longer_less_one(values) + values.whole(2) - 1;
}

// A crossing takes two bars.
int macd_cross_first(const ParameterValues& values) {
  return macd_signal_first(values) + 1;
}

// Nothing where nobody wants it.
std::span<double> wanted(IndicatorCall& call, std::size_t output) {
  return call.wanted(output) ? call.out(output) : std::span<double>{};
}

// 1 where test(value) and 0 elsewhere, from `first` on.
template <class Test>
void flag(std::span<const double> values, std::size_t first, std::span<double> out, Test&& test) {
  const double* const from = values.data();
  double* const to = out.data();
  fill_before(first, out);
  for (std::size_t i = first; i < out.size(); ++i) to[i] = test(from[i]) ? 1.0 : 0.0;
}

Indicator rsi_indicator() {
  return {.name = "rsi",
          .title = "Relative strength index",
          .family = kFamily,
          .inputs = "close",
          .parameters = {bars_parameter("period", 14)},
          .outputs = {{.names = {"rsi_{period}"},
                       .kind = ColumnKind::oscillator,
                       .help = "mean rise over mean rise and fall, in percent",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0",
                       .talib = "RSI"},
                      {.names = {"rsi_overbought", "rsi_overbought_{period}"},
                       .kind = ColumnKind::state,
                       .help = "1 where it is above 70",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0"},
                      {.names = {"rsi_oversold", "rsi_oversold_{period}"},
                       .kind = ColumnKind::state,
                       .help = "1 where it is below 30",
                       .warm_up = first_parameter_rows,
                       .undefined = "0 where both averages are 0"}},
          .definition =
              "100 g / (g + l) with Wilder's averages of rises and falls of the close. Where both are 0 it is 0, as "
              "TA-Lib has it; there the factory gives 100. The factory's flags are 0 before the first value",
          .compute = [](IndicatorCall& call) {
            const std::int64_t undefined =
                strength(call.bars.close, call.whole(0), wanted(call, 0), wanted(call, 1), wanted(call, 2));
            for (std::size_t output = 0; output < 3; ++output) call.note_undefined(output, undefined);
          }};
}

int stochf_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) - 2;
}

IndicatorOutput stochastic_output(std::vector<std::string> names, std::string help,
                                  int (*warm_up)(const ParameterValues&), std::string undefined, std::string talib) {
  return {.names = std::move(names),
          .kind = ColumnKind::oscillator,
          .help = std::move(help),
          .warm_up = warm_up,
          .undefined = std::move(undefined),
          .talib = std::move(talib)};
}

Indicator factory_stochastic() {
  const auto state = [&](const std::string& name, std::string help) {
    return IndicatorOutput{.names = {name, name + "_{range}_{mean}"},
                           .kind = ColumnKind::state,
                           .help = std::move(help),
                           .warm_up = first_parameter_rows_less_one,
                           .undefined = "0 where the range is flat"};
  };
  return {.name = "stochastic",
          .title = "Stochastic oscillator",
          .family = kFamily,
          .inputs = "high low close",
          .parameters = {bars_parameter("range", 14), bars_parameter("mean", 3)},
          .outputs = {stochastic_output({"stoch_k", "stoch_k_{range}_{mean}"},
                                        "where the close lies in the range of the last bars, in percent",
                                        first_parameter_rows_less_one, "50 where the range is flat", ""),
                      stochastic_output({"stoch_d", "stoch_d_{range}_{mean}"}, "its mean", stochf_first,
                                        "50 counts where the range is flat", ""),
                      state("stoch_overbought", "1 where %K is above 80"),
                      state("stoch_oversold", "1 where %K is below 20")},
          .definition =
              "%K = 100 (close - lowest low) / (highest high - lowest low), %D its simple mean, with 50 for "
              "flat ranges: the factory's, whose flags are 0 before the first value",
          .compute = [](IndicatorCall& call) {
            const std::span<double> k = call.out(0);
            const StochasticLengths lengths{.range = call.whole(0), .k = 1, .d = call.whole(1)};
            const auto undefined =
                stochastic(call.bars.high, call.bars.low, call.bars.close, lengths, 50.0, k, call.out(1));
            const std::size_t first = length(lengths.range) - 1;
            if (call.wanted(2)) flag(k, first, call.out(2), [](double value) { return value > 80.0; });
            if (call.wanted(3)) flag(k, first, call.out(3), [](double value) { return value < 20.0; });
            for (const std::size_t output : {0U, 2U, 3U}) call.note_undefined(output, undefined.k);
            call.note_undefined(1, undefined.d);
          }};
}

// %K and %D of TA-Lib, both from %D's first row on.
void talib_stochastic(IndicatorCall& call, std::span<const double> high, std::span<const double> low,
                      std::span<const double> close, StochasticLengths lengths, int first) {
  const std::span<double> k = call.out(0);
  const auto undefined = stochastic(high, low, close, lengths, 0.0, k, call.out(1));
  fill_before(length(first), k);
  call.note_undefined(0, undefined.d);
  call.note_undefined(1, undefined.d);
}

int stoch_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) + values.whole(2) - 3;
}

int stochrsi_first(const ParameterValues& values) {
  return values.whole(0) + values.whole(1) + values.whole(2) - 2;
}

// Percent by which an RSI moves when it does not.
constexpr double kStill = 1e-10;

std::vector<Indicator> talib_stochastics() {
  const std::string flat = "0 counts where the range is flat";
  return {
      {.name = "stochf",
       .title = "Fast stochastic of TA-Lib",
       .family = kFamily,
       .inputs = "high low close",
       .parameters = {bars_parameter("fastk", 5), bars_parameter("fastd", 3)},
       .outputs = {stochastic_output({"stochf_k", "stochf_k_{fastk}_{fastd}"},
                                     "where the close lies in the range of the last bars, in percent", stochf_first,
                                     flat, "STOCHF.outFastK"),
                   stochastic_output({"stochf_d", "stochf_d_{fastk}_{fastd}"}, "its mean", stochf_first, flat,
                                     "STOCHF.outFastD")},
       .definition = "%K = 100 (close - lowest low) / (highest high - lowest low), %D its simple mean; both begin with "
                     "%D",
       .compute =
           [](IndicatorCall& call) {
             talib_stochastic(call, call.bars.high, call.bars.low, call.bars.close,
                              {.range = call.whole(0), .k = 1, .d = call.whole(1)}, stochf_first(call.values));
           }},
      {.name = "stoch",
       .title = "Slow stochastic of TA-Lib",
       .family = kFamily,
       .inputs = "high low close",
       .parameters = {bars_parameter("fastk", 5), bars_parameter("slowk", 3), bars_parameter("slowd", 3)},
       .outputs = {stochastic_output({"stoch_slowk", "stoch_slowk_{fastk}_{slowk}_{slowd}"},
                                     "mean of where the close lies in the range of the last bars, in percent",
                                     stoch_first, flat, "STOCH.outSlowK"),
                   stochastic_output({"stoch_slowd", "stoch_slowd_{fastk}_{slowk}_{slowd}"}, "its mean", stoch_first,
                                     flat, "STOCH.outSlowD")},
       .definition = "slow %K is the simple mean of the fast one, slow %D that of slow %K; both begin with %D",
       .compute =
           [](IndicatorCall& call) {
             talib_stochastic(call, call.bars.high, call.bars.low, call.bars.close,
                              {.range = call.whole(0), .k = call.whole(1), .d = call.whole(2)},
                              stoch_first(call.values));
           }},
      {.name = "stochrsi",
       .title = "Stochastic of the relative strength",
       .family = kFamily,
       .inputs = "close",
       .parameters = {bars_parameter("period", 14), bars_parameter("fastk", 5), bars_parameter("fastd", 3)},
       .outputs = {stochastic_output({"stochrsi_k", "stochrsi_k_{period}_{fastk}_{fastd}"},
                                     "where the RSI lies in its range of the last bars, in percent", stochrsi_first,
                                     flat, "STOCHRSI.outFastK"),
                   stochastic_output({"stochrsi_d", "stochrsi_d_{period}_{fastk}_{fastd}"}, "its mean", stochrsi_first,
                                     flat, "STOCHRSI.outFastD")},
       .definition = "the fast stochastic of rsi_{period} in place of high, low and close; both begin with %D",
       .compute =
           [](IndicatorCall& call) {
             const Scratch::Column strength(call.scratch);
             rsi(call.bars.close, call.whole(0), strength);
             // Where prices stand still it moves in its last digits alone, and a range of those would say 0 or 100.
             for (std::size_t i = 1; i < strength.span().size(); ++i) {
               if (std::fabs(strength[i] - strength[i - 1]) <= kStill) strength[i] = strength[i - 1];
             }
             talib_stochastic(call, strength, strength, strength, {.range = call.whole(1), .k = 1, .d = call.whole(2)},
                              stochrsi_first(call.values));
           }},
  };
}

IndicatorOutput macd_output(const std::string& name, std::string help, int (*warm_up)(const ParameterValues&),
                            std::string talib = {}) {
  return {.names = {name, name + "_{fast}_{slow}_{signal}"},
          .kind = ColumnKind::signed_sum,
          .help = std::move(help),
          .warm_up = warm_up,
          .talib = std::move(talib)};
}

std::vector<Indicator> macd_indicators() {
  const std::vector<IndicatorParameter> parameters{bars_parameter("fast", 12), bars_parameter("slow", 26),
                                                   bars_parameter("signal", 9)};
  std::vector<Indicator> all{
      {.name = "macd",
       .title = "Convergence and divergence of moving averages",
       .family = kFamily,
       .inputs = "close",
       .parameters = parameters,
       .outputs = {macd_output("macd_line", "fast less slow average of the closes", longer_less_one),
                   macd_output("macd_signal", "average of the line", macd_signal_first),
                   macd_output("macd_hist", "line less signal", macd_signal_first),
                   macd_output("macd_cross_up", "1 where the line goes above the signal", macd_cross_first),
                   macd_output("macd_cross_down", "1 where the line goes below the signal", macd_cross_first)},
       .definition = "exponential averages, each from the mean of its first values on; the factory's, whose flags are "
                     "0 before the first value",
       .compute =
           [](IndicatorCall& call) {
             const std::span<double> histogram = call.wanted(3) || call.wanted(4) ? call.out(2) : wanted(call, 2);
             macd(call.bars.close, {.fast = call.whole(0), .slow = call.whole(1), .signal = call.whole(2)},
                  wanted(call, 0), wanted(call, 1), histogram);
             const auto cross = [&](std::size_t output, auto&& side) {
               if (!call.wanted(output)) return;
               const auto first = length(macd_cross_first(call.values));
               const double* const apart = histogram.data();
               double* const out = call.out(output).data();
               fill_before(first, call.out(output));
               for (std::size_t i = first; i < histogram.size(); ++i) out[i] = side(apart[i], apart[i - 1]) ? 1.0 : 0.0;
             };
             cross(3, [](double now, double before) { return (now > 0.0) & (before <= 0.0); });
             cross(4, [](double now, double before) { return (now < 0.0) & (before >= 0.0); });
           }},
      {.name = "talib_macd",
       .title = "Convergence and divergence of moving averages as TA-Lib has it",
       .family = kFamily,
       .inputs = "close",
       .parameters = parameters,
       .outputs = {macd_output("talib_macd_line", "fast less slow average of the closes", macd_signal_first,
                               "MACD.outMACD"),
                   macd_output("talib_macd_signal", "average of the line", macd_signal_first, "MACD.outMACDSignal"),
                   macd_output("talib_macd_hist", "line less signal", macd_signal_first, "MACD.outMACDHist")},
       .definition = "exponential averages, both first values on the same row, from the means of the closes up to it; "
                     "all begin with the signal",
       .compute = [](IndicatorCall& call) {
         talib_macd(call.bars.close, {.fast = call.whole(0), .slow = call.whole(1), .signal = call.whole(2)},
                    wanted(call, 0), wanted(call, 1), wanted(call, 2));
       }}};
  for (const std::size_t output : {3U, 4U}) all[0].outputs[output].kind = ColumnKind::state;
  return all;
}

// Changes over a number of bars.
Indicator change(std::string name, std::string title, std::string help, ColumnKind kind, std::string talib,
                 std::string definition, void (*compute)(IndicatorCall&)) {
  std::string pattern = name + "_{period}";
  return single_indicator(kFamily, std::move(name), std::move(title), "close", {bars_parameter("period", 10)},
                          {.names = {std::move(pattern)},
                           .kind = kind,
                           .help = std::move(help),
                           .warm_up = first_parameter_rows,
                           .talib = std::move(talib)},
                          std::move(definition), compute);
}

std::vector<Indicator> change_indicators() {
  return {
      change("mom", "Momentum", "close less an earlier close", ColumnKind::signed_sum, "MOM",
             "close - close `period` ago",
             [](IndicatorCall& call) { momentum(call.bars.close, call.whole(0), call.out(0)); }),
      change("roc", "Rate of change", "close over an earlier close, less 1, in percent", ColumnKind::returns, "ROC",
             "100 (close - close `period` ago) / close `period` ago",
             [](IndicatorCall& call) { change_rate(call.bars.close, call.whole(0), 100.0, call.out(0)); }),
      change("rocp", "Rate of change, as a fraction", "close over an earlier close, less 1", ColumnKind::returns,
             "ROCP", "(close - close `period` ago) / close `period` ago",
             [](IndicatorCall& call) { change_rate(call.bars.close, call.whole(0), 1.0, call.out(0)); }),
      change("rocr", "Rate of change, as a ratio", "close over an earlier close", ColumnKind::signed_sum, "ROCR",
             "close / close `period` ago",
             [](IndicatorCall& call) { change_ratio(call.bars.close, call.whole(0), 1.0, call.out(0)); }),
      change("rocr100", "Rate of change, as a ratio in percent", "close over an earlier close, in percent",
             ColumnKind::signed_sum, "ROCR100", "100 close / close `period` ago",
             [](IndicatorCall& call) { change_ratio(call.bars.close, call.whole(0), 100.0, call.out(0)); }),
  };
}

std::vector<Indicator> single_indicators() {
  const std::vector<IndicatorParameter> fast_slow{bars_parameter("fast", 12), bars_parameter("slow", 26)};
  return {
      single_indicator(
          kFamily, "cmo", "Chande momentum oscillator", "close", {bars_parameter("period", 14)},
          {.names = {"cmo_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "mean rise less mean fall over their sum, in percent",
           .warm_up = first_parameter_rows,
           .undefined = "0 where both averages are 0",
           .talib = "CMO"},
          "100 (g - l) / (g + l) with Wilder's averages of rises and falls of the close",
          [](IndicatorCall& call) { call.note_undefined(0, cmo(call.bars.close, call.whole(0), call.out(0))); }),
      single_indicator(kFamily, "apo", "Absolute price oscillator", "close", fast_slow,
                       {.names = {"apo", "apo_{fast}_{slow}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "fast less slow mean of the closes",
                        .warm_up = longer_less_one,
                        .talib = "APO"},
                       "difference of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { apo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(kFamily, "ppo", "Percentage price oscillator", "close", fast_slow,
                       {.names = {"ppo", "ppo_{fast}_{slow}"},
                        .kind = ColumnKind::returns,
                        .help = "fast less slow mean of the closes, in percent of the slow one",
                        .warm_up = longer_less_one,
                        .talib = "PPO"},
                       "100 (fast - slow) / slow of simple means; the lesser period is the fast one",
                       [](IndicatorCall& call) { ppo(call.bars.close, call.whole(0), call.whole(1), call.out(0)); }),
      single_indicator(
          kFamily, "cci", "Commodity channel index", "high low close", {bars_parameter("period", 20)},
          {.names = {"cci_{period}"},
           .kind = ColumnKind::signed_sum,
           .help = "distance of the typical price from its mean, in mean deviations",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0 where the typical price does not move",
           .talib = "CCI"},
          "(typical price - its mean) / (0.015 mean deviation); the factory has none where it does not move",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, cci(bars.high, bars.low, bars.close, call.whole(0), call.out(0)));
          }),
      single_indicator(kFamily, "trix", "Change of a threefold average", "close", {bars_parameter("period", 30)},
                       {.names = {"trix_{period}"},
                        .kind = ColumnKind::returns,
                        .help = "change of the threefold exponential mean of the closes, in percent",
                        .warm_up = [](const ParameterValues& values) { return 3 * values.whole(0) - 2; },
                        .talib = "TRIX"},
                       "change from bar to bar of the exponential average of the average of the average",
                       [](IndicatorCall& call) { trix(call.bars.close, call.whole(0), call.out(0)); }),
      single_indicator(
          kFamily, "ultosc", "Ultimate oscillator", "high low close",
          {bars_parameter("short", 7), bars_parameter("medium", 14), bars_parameter("long", 28)},
          {.names = {"ultosc", "ultosc_{short}_{medium}_{long}"},
           .kind = ColumnKind::oscillator,
           .help = "buying pressure over true range in three windows, in percent",
           .warm_up =
               [](const ParameterValues& values) {
                 return std::max({values.whole(0), values.whole(1), values.whole(2)});
               },
           .undefined = "0 counts for a window without range",
           .talib = "ULTOSC"},
          "100 (4 s + 2 m + l) / 7 of the sums of close - min(low, last close) over those of the true range; the "
          "shortest period is the short one. Counted where the short window has no range",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, ultimate_oscillator(bars.high, bars.low, bars.close, call.whole(0), call.whole(1),
                                                       call.whole(2), call.out(0)));
          }),
      single_indicator(
          kFamily, "willr", "Williams %R", "high low close", {bars_parameter("period", 14)},
          {.names = {"williams_r", "willr_{period}"},
           .kind = ColumnKind::oscillator,
           .help = "distance of the close from the highest high, in percent of the range, negative",
           .warm_up = first_parameter_rows_less_one,
           .undefined = "0 where the range is flat",
           .talib = "WILLR"},
          "-100 (highest high - close) / (highest high - lowest low); the factory has none where the range is flat",
          [](IndicatorCall& call) {
            const BarColumns& bars = call.bars;
            call.note_undefined(0, williams_r(bars.high, bars.low, bars.close, call.whole(0), call.out(0)));
          }),
      single_indicator(kFamily, "bop", "Balance of power", "open high low close", {},
                       {.names = {"bop"},
                        .kind = ColumnKind::oscillator,
                        .help = "rise from open to close over the bar's range",
                        .warm_up = no_warm_up,
                        .undefined = "0 where high and low are equal",
                        .talib = "BOP"},
                       "(close - open) / (high - low)",
                       [](IndicatorCall& call) {
                         const BarColumns& bars = call.bars;
                         call.note_undefined(0,
                                             balance_of_power(bars.open, bars.high, bars.low, bars.close, call.out(0)));
                       }),
      single_indicator(kFamily, "imi", "Intraday momentum index", "open close", {bars_parameter("period", 14)},
                       {.names = {"imi_{period}"},
                        .kind = ColumnKind::oscillator,
                        .help = "rises from open to close over rises and falls, in percent",
                        .warm_up = first_parameter_rows_less_one,
                        .undefined = "50 where no bar rose or fell",
                        .talib = "IMI"},
                       "100 (sum of rises) / (sum of rises and falls), from open to close of each bar",
                       [](IndicatorCall& call) {
                         call.note_undefined(0, imi(call.bars.open, call.bars.close, call.whole(0), call.out(0)));
                       }),
      single_indicator(
          kFamily, "tsi", "True strength index", "close", {bars_parameter("first", 25), bars_parameter("second", 13)},
          {.names = {"tsi", "tsi_{first}_{second}"},
           .kind = ColumnKind::oscillator,
           .help = "twice averaged change over twice averaged size of change, in percent",
           .warm_up = [](const ParameterValues& values) { return values.whole(0) + values.whole(1) - 1; },
           .undefined = "0 where the averaged size is 0"},
          "exponential averages over `first` and then `second` bars, each from the mean of its first values on. "
          "Blau 1991, as TA-Lib 0.8 has it",
          [](IndicatorCall& call) {
            call.note_undefined(0, tsi(call.bars.close, call.whole(0), call.whole(1), call.out(0)));
          }),
      single_indicator(
          kFamily, "coppock", "Coppock curve", "close",
          {bars_parameter("average", 10), bars_parameter("change_1", 11), bars_parameter("change_2", 14)},
          {.names = {"coppock", "coppock_{average}_{change_1}_{change_2}"},
           .kind = ColumnKind::returns,
           .help = "weighted mean of the sum of two percent changes",
           .warm_up =
               [](const ParameterValues& values) {
                 return std::max(values.whole(1), values.whole(2)) + values.whole(0) - 1;
               }},
          "linearly weighted average of roc over `change_1` and over `change_2` bars, added. Coppock 1962, as TA-Lib "
          "0.8 has it",
          [](IndicatorCall& call) {
            coppock(call.bars.close, call.whole(0), call.whole(1), call.whole(2), call.out(0));
          }),
      single_indicator(kFamily, "ao", "Awesome oscillator", "high low",
                       {bars_parameter("fast", 5), bars_parameter("slow", 34)},
                       {.names = {"ao", "ao_{fast}_{slow}"},
                        .kind = ColumnKind::signed_sum,
                        .help = "fast less slow mean of the bars' middles",
                        .warm_up = longer_less_one},
                       "difference of simple means of (high + low) / 2. Williams 1995, as TA-Lib 0.8 has it",
                       [](IndicatorCall& call) {
                         awesome_oscillator(call.bars.high, call.bars.low, call.whole(0), call.whole(1), call.out(0));
                       }),
  };
}

Indicator kst_indicator() {
  return {.name = "kst",
          .title = "Know sure thing",
          .family = kFamily,
          .inputs = "close",
          .parameters = {bars_parameter("signal", 9)},
          .outputs = {{.names = {"kst", "kst_{signal}"},
                       .kind = ColumnKind::returns,
                       .help = "weighted sum of four averaged percent changes",
                       .warm_up = [](const ParameterValues&) { return 44; }},
                      {.names = {"kst_signal", "kst_signal_{signal}"},
                       .kind = ColumnKind::returns,
                       .help = "its mean",
                       .warm_up = [](const ParameterValues& values) { return 43 + values.whole(0); }}},
          .definition =
              "simple means over 10, 10, 10 and 15 bars of roc over 10, 15, 20 and 30, times 1, 2, 3 and 4. "
              "Pring 1992",
          .compute = [](IndicatorCall& call) { kst(call.bars.close, call.whole(0), call.out(0), call.out(1)); }};
}

Indicator fisher_indicator() {
  return {.name = "fisher",
          .title = "Fisher transform",
          .family = kFamily,
          .inputs = "high low",
          .parameters = {bars_parameter("period", 10)},
          .outputs = {{.names = {"fisher_{period}"},
                       .kind = ColumnKind::signed_sum,
                       .help = "Fisher transform of where the middle of the bar lies in its range of the last bars",
                       .warm_up = first_parameter_rows_less_one,
                       .undefined = "the middle of a flat range counts"},
                      {.names = {"fisher_signal_{period}"},
                       .kind = ColumnKind::signed_sum,
                       .help = "the same one bar before",
                       .warm_up = first_parameter_rows,
                       .undefined = "the middle of a flat range counts"}},
          .definition =
              "v = 0.66 place + 0.67 v, the place in the range from -1/2 to 1/2, v set to +-0.999 beyond "
              "+-0.99; f = log((1 + v) / (1 - v)) / 2 + f / 2; both from 0 on. Ehlers 2002",
          .compute = [](IndicatorCall& call) {
            const auto undefined =
                fisher_transform(call.bars.high, call.bars.low, call.whole(0), wanted(call, 0), wanted(call, 1));
            call.note_undefined(0, undefined.now);
            call.note_undefined(1, undefined.before);
          }};
}

}  // namespace

std::vector<Indicator> momentum_indicators() {
  std::vector<Indicator> all{rsi_indicator(), factory_stochastic()};
  for (auto* some : {&talib_stochastics, &macd_indicators, &change_indicators, &single_indicators}) {
    for (Indicator& indicator : some()) all.push_back(std::move(indicator));
  }
  all.push_back(kst_indicator());
  all.push_back(fisher_indicator());
  return all;
}

}  // namespace moola::market
