#include "market/indicators/momentum.h"

#include <array>
#include <cmath>

#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"

namespace moola::market {
namespace {

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
  const RowBlocks blocks(start, x.size(), length(std::max(first_period, second_period)));
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

}  // namespace moola::market
