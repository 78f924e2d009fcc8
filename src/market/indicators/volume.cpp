#include "market/indicators/volume.h"

#include <cmath>

#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"

namespace moola::market {
namespace {

// What the rows of `block` add to accumulation and distribution; returns how many of those from `count_from` on have no
// range.
std::int64_t gains(RowBlock block, std::size_t count_from, std::span<const double> high, std::span<const double> low,
                   std::span<const double> close, std::span<const double> volume, double* out) {
  const row_kernels::Kernels& kernels = row_kernels::kernels(isa());
  const auto some = [&](std::size_t begin, std::size_t end) {
    return kernels.location(high.data() + begin, low.data() + begin, close.data() + begin, volume.data() + begin,
                            end - begin, out + (begin - block.begin));
  };
  const std::size_t counted = block.from(count_from).begin;
  some(block.begin, counted);
  return some(counted, block.end);
}

}  // namespace

void on_balance_volume(std::span<const double> close, std::span<const double> volume, double first,
                       std::span<double> out) {
  const RowBlocks blocks(0, close.size(), 0);
  BlockColumn numbers(blocks);
  BlockTotal total;
  blocks.each([&](RowBlock block) {
    double* const added = numbers.advance(block);
    const double *const now = close.data() + block.begin, *const traded = volume.data() + block.begin;
    const std::size_t skip = block.from(1).begin - block.begin;
    if (skip > 0) added[0] = first;
    for (std::size_t i = skip; i < block.rows(); ++i) {
      const double before = (now + i)[-1], after = now[i], size = traded[i];
      const double risen = after > before ? size : 0.0, fallen = after < before ? size : 0.0;
      added[i] = risen - fallen;
    }
    total.compute([&](double before, double lost) {
      return row_kernels::kernels(isa()).total(added, block.rows(), before, lost, out.data() + block.begin);
    });
  });
}

std::int64_t accumulation_distribution(std::span<const double> high, std::span<const double> low,
                                       std::span<const double> close, std::span<const double> volume,
                                       std::span<double> out) {
  const RowBlocks blocks(0, close.size(), 0);
  BlockTotal total;
  std::int64_t flat = 0;
  blocks.each([&](RowBlock block) {
    total.compute([&](double before, double lost) {
      return row_kernels::kernels(isa()).location_total(high.data() + block.begin, low.data() + block.begin,
                                                        close.data() + block.begin, volume.data() + block.begin,
                                                        block.rows(), before, lost, out.data() + block.begin, &flat);
    });
  });
  return flat;
}

std::int64_t chaikin_oscillator(std::span<const double> high, std::span<const double> low,
                                std::span<const double> close, std::span<const double> volume, int fast, int slow,
                                std::span<double> out) {
  const std::size_t first = length(std::max(fast, slow)) - 1;
  const RowBlocks blocks(0, close.size(), 0);
  BlockColumn added(blocks), quick_gaps(blocks), calm_gaps(blocks), differences(blocks);
  // How far the sum is ahead of its average: gap = kept (gap + what the bar adds).
  const auto gap = [](int period) {
    const double kept = 1.0 - 2.0 / (period + 1);
    return BlockDecay({.kept = kept, .share = kept});
  };
  const BlockDecay quick = gap(fast), calm = gap(slow);
  fill_before(first, out);
  std::int64_t flat = 0;
  blocks.each([&](RowBlock block) {
    double *const gain = added.advance(block), *const apart = differences.advance(block);
    double *const quick_gap = quick_gaps.advance(block), *const calm_gap = calm_gaps.advance(block);
    flat += gains(block, first, high, low, close, volume, gain);
    const std::size_t skip = block.from(first).begin - block.begin;
    double* const to = skip == 0 ? out.data() + block.begin : apart;
    calm.compute(block, 0, 0.0, gain, calm_gap, quick, 0.0, quick_gap, to);
    if (skip > 0) std::copy(apart + skip, apart + block.rows(), out.data() + block.begin + skip);
  });
  return flat;
}

// Share of itself by which a typical price may differ from an equal one.
constexpr double kSameTypical = 1e-13;

std::int64_t money_flow_index(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                              std::span<const double> volume, int period, std::span<double> out) {
  const std::size_t rows_of = length(period), first = rows_of;
  const RowBlocks blocks(0, close.size(), rows_of);
  BlockColumn typicals(blocks), rises(blocks), falls(blocks), rise_sums(blocks), fall_sums(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t still = 0;
  blocks.each([&](RowBlock block) {
    double* const typical = typicals.advance(block);
    double *const rise = rises.advance(block), *const fall = falls.advance(block);
    double *const up = rise_sums.advance(block), *const down = fall_sums.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double *const now = close.data() + block.begin, *const traded = volume.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) typical[i] = (top[i] + bottom[i] + now[i]) / 3.0;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double before = (typical + i)[-1], flow = typical[i] * traded[i];
      // Equal prices whose thirds differ in their last digit have not moved.
      const double least = before * kSameTypical;
      rise[i] = typical[i] - before > least ? flow : 0.0;
      fall[i] = before - typical[i] > least ? flow : 0.0;
    }
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    windows.sum(rise + skip, rows, rows_of, up);
    windows.sum(fall + skip, rows, rows_of, down);
    for (std::size_t i = 0; i < rows; ++i) down[i] += up[i];
    still += block_ratio(up, down, rows, 100.0, 0.0, out.data() + block.begin + skip);
  });
  return still;
}

std::int64_t chaikin_money_flow(std::span<const double> high, std::span<const double> low,
                                std::span<const double> close, std::span<const double> volume, int period,
                                std::span<double> out) {
  const std::size_t rows_of = length(period), first = rows_of - 1;
  const RowBlocks blocks(0, close.size(), rows_of);
  BlockColumn added(blocks), gained(blocks), traded(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t silent = 0;
  blocks.each([&](RowBlock block) {
    double* const gain = added.advance(block);
    double *const sum = gained.advance(block), *const total = traded.advance(block);
    gains(block, first, high, low, close, volume, gain);
    const std::size_t skip = block.from(first).begin - block.begin, rows = block.rows() - skip;
    windows.sum(gain + skip, rows, rows_of, sum);
    windows.sum(volume.data() + block.begin + skip, rows, rows_of, total);
    silent += block_ratio(sum, total, rows, 1.0, 0.0, out.data() + block.begin + skip);
  });
  return silent;
}

std::int64_t ease_of_movement(std::span<const double> high, std::span<const double> low, std::span<const double> volume,
                              int period, double unit, std::span<double> out) {
  const std::size_t rows_of = length(period), first = rows_of;
  const double share = 1.0 / period;
  const RowBlocks blocks(1, high.size(), rows_of);
  BlockColumn moves(blocks), sums(blocks);
  BlockWindows windows(blocks, rows_of);
  fill_before(first, out);
  std::int64_t silent = 0;
  blocks.each([&](RowBlock block) {
    double *const move = moves.advance(block), *const sum = sums.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double* const traded = volume.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const double middle = (top[i] + bottom[i]) * 0.5, before = ((top + i)[-1] + (bottom + i)[-1]) * 0.5;
      move[i] = (middle - before) * (top[i] - bottom[i]);
    }
    const std::size_t skip = block.from(first).begin - block.begin;
    block_ratio(move, traded, skip, unit, 0.0, move);
    silent += block_ratio(move + skip, traded + skip, block.rows() - skip, unit, 0.0, move + skip);
    windows.sum(move + skip, block.rows() - skip, rows_of, sum + skip);
    double* const to = out.data() + block.begin;
    for (std::size_t i = skip; i < block.rows(); ++i) to[i] = sum[i] * share;
  });
  return silent;
}

void force_index(std::span<const double> close, std::span<const double> volume, int period, std::span<double> out) {
  const RowBlocks blocks(1, close.size(), length(period));
  BlockColumn forces(blocks);
  BlockAverage average = BlockAverage::exponential(period, 1);
  fill_before(average.first(), out);
  blocks.each([&](RowBlock block) {
    double* const force = forces.advance(block);
    const double *const now = close.data() + block.begin, *const traded = volume.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) force[i] = (now[i] - (now + i)[-1]) * traded[i];
    average.compute(block, force, out.data() + block.begin);
  });
}

namespace {

constexpr double kLeastIndex = 1e-300, kMostIndex = 1e300;

// `counts(volume, volume before)`: whether the bar's change goes in.
template <class Counts>
void volume_index(std::span<const double> close, std::span<const double> volume, std::span<double> out,
                  Counts&& counts) {
  const RowBlocks blocks(0, close.size(), 0);
  BlockColumn ratios(blocks);
  double index = 1000;
  blocks.each([&](RowBlock block) {
    double* const ratio = ratios.advance(block);
    const double *const now = close.data() + block.begin, *const traded = volume.data() + block.begin;
    const std::size_t skip = block.from(1).begin - block.begin;
    if (skip > 0) ratio[0] = 1.0;
    for (std::size_t i = skip; i < block.rows(); ++i) {
      const double change = now[i] / (now + i)[-1];
      ratio[i] = counts(traded[i], (traded + i)[-1]) ? change : 1.0;
    }
    double* const to = out.data() + block.begin;
    double product = 1.0;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      product *= ratio[i];
      to[i] = product;
    }
    for (std::size_t i = 0; i < block.rows(); ++i) to[i] = std::min(std::max(to[i] * index, kLeastIndex), kMostIndex);
    index = to[block.rows() - 1];
  });
}

}  // namespace

void negative_volume_index(std::span<const double> close, std::span<const double> volume, std::span<double> out) {
  volume_index(close, volume, out, [](double now, double before) { return now < before; });
}

void positive_volume_index(std::span<const double> close, std::span<const double> volume, std::span<double> out) {
  volume_index(close, volume, out, [](double now, double before) { return now > before; });
}

std::int64_t daily_vwap(std::span<const std::int64_t> time, std::span<const double> high, std::span<const double> low,
                        std::span<const double> close, std::span<const double> volume, std::span<double> out) {
  constexpr std::int64_t kDay = 86'400'000'000'000;
  const RowBlocks blocks(0, close.size(), 0);
  const row_kernels::Kernels& kernels = row_kernels::kernels(isa());
  BlockColumn moved(blocks), flows(blocks), totals(blocks);
  std::int64_t day = 0, silent = 0;
  double flow = 0, total = 0;
  blocks.each([&](RowBlock block) {
    double *const part = moved.advance(block), *const sum = flows.advance(block), *const traded = totals.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double *const now = close.data() + block.begin, *const size = volume.data() + block.begin;
    // A third is left for the end.
    for (std::size_t i = 0; i < block.rows(); ++i) part[i] = (top[i] + bottom[i] + now[i]) * size[i];
    for (std::size_t row = block.begin; row < block.end;) {
      const std::int64_t within = time[row] % kDay, begin = time[row] - (within < 0 ? within + kDay : within);
      if (row == 0 || begin != day) flow = total = 0;
      day = begin;
      const std::size_t from = row - block.begin;
      while (row < block.end && time[row] - day >= 0 && time[row] - day < kDay) ++row;
      const std::size_t rows = row - block.begin - from;
      flow += kernels.total(part + from, rows, flow, 0.0, sum + from);
      total += kernels.total(size + from, rows, total, 0.0, traded + from);
    }
    for (std::size_t i = 0; i < block.rows(); ++i) traded[i] *= 3.0;
    double* const to = out.data() + block.begin;
    const std::int64_t none = block_ratio(sum, traded, block.rows(), 1.0, 0.0, to);
    if (none == 0) return;
    silent += none;
    for (std::size_t i = 0; i < block.rows(); ++i) {
      if (traded[i] == 0.0) to[i] = (top[i] + bottom[i] + now[i]) / 3.0;
    }
  });
  return silent;
}

}  // namespace moola::market
