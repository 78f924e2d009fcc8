#include "market/checks/stationarity.h"

#include <algorithm>
#include <cmath>

#include "base/parallel_pieces.h"

namespace moola::market {
namespace {

// The last finite values of `range`, `block` at most.
Rows last_block(std::span<const double> column, Rows range, std::size_t block) {
  std::size_t end = range.end;
  while (end > range.begin && !std::isfinite(column[end - 1])) --end;
  std::size_t begin = end;
  while (begin > range.begin && end - begin < block && std::isfinite(column[begin - 1])) --begin;
  return {.begin = begin, .end = end};
}

}  // namespace

std::vector<Stationarity> test_stationarity(std::span<const std::span<const double>> columns,
                                            std::span<const Rows> rows, const StationarityOptions& options,
                                            unsigned threads) {
  for (const auto& column : columns) static_cast<void>(count_rows(rows, column.size()));
  const auto shorter = [](const Rows& a, const Rows& b) { return a.size() < b.size(); };
  const auto longest = std::max_element(rows.begin(), rows.end(), shorter);
  std::vector<Stationarity> out(columns.size());
  if (longest == rows.end()) return out;
  for_each_piece(columns.size(), threads, [&](std::size_t c) {
    const Rows block = last_block(columns[c], *longest, options.block);
    const std::span<const double> series = columns[c].subspan(block.begin, block.size());
    out[c] = {.rows = block, .adf = dickey_fuller(series, options.adf), .level = kpss(series)};
  });
  return out;
}

}  // namespace moola::market
