#include "market/indicators/momentum.h"

#include <array>
#include <cmath>

#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"

namespace moola::market {
namespace {

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

}  // namespace

std::int64_t rsi_and_flags(std::span<const double> x, int period, std::span<double> out, std::span<double> overbought,
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

std::int64_t rsi(std::span<const double> x, int period, std::span<double> out) {
  return rsi_and_flags(x, period, out, {}, {});
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

}  // namespace moola::market
