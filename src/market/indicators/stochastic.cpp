#include "market/indicators/stochastic.h"

#include <algorithm>

#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"

namespace moola::market {

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

}  // namespace moola::market
