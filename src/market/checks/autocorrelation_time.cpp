#include "market/checks/autocorrelation_time.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace moola::market {
namespace {

constexpr std::size_t kFewest = 8;

// The largest b with b^3 <= n^2.
std::size_t batch_size(std::size_t n) {
  const auto square = static_cast<double>(n) * static_cast<double>(n);
  auto b = static_cast<std::size_t>(std::cbrt(square));
  const auto cube = [](std::size_t value) {
    return static_cast<double>(value) * static_cast<double>(value) * static_cast<double>(value);
  };
  while (cube(b) > square) --b;
  while (cube(b + 1) <= square) ++b;
  return b;
}

std::size_t count_finite(std::span<const double> column, std::span<const Rows> rows) {
  std::size_t finite = 0;
  for (const Rows& range : rows) {
    for (const double value : column.subspan(range.begin, range.size())) finite += std::isfinite(value) ? 1 : 0;
  }
  return finite;
}

// Means of neighbouring values, as many as fill a batch, and the squares of the values themselves; all as distances
// from the first value, which keeps prices far from 0 from blurring them.
struct Batches {
  std::vector<double> means;
  double sum = 0, squares = 0;
};

Batches batches_of(std::span<const double> column, std::span<const Rows> rows, std::size_t size, std::size_t count) {
  Batches out;
  double near = std::nan(""), sum = 0, squares = 0;
  std::size_t seen = 0;
  for (const Rows& range : rows) {
    for (const double value : column.subspan(range.begin, range.size())) {
      if (!std::isfinite(value)) continue;
      if (std::isnan(near)) near = value;
      const double away = value - near;
      sum += away;
      squares += away * away;
      if (++seen < size) continue;
      out.means.push_back(sum / static_cast<double>(size));
      out.sum += sum;
      out.squares += squares;
      if (out.means.size() == count) return out;
      seen = 0;
      sum = squares = 0;
    }
  }
  return out;
}

}  // namespace

double autocorrelation_time(std::span<const double> column, std::span<const Rows> rows) {
  static_cast<void>(count_rows(rows, column.size()));
  const std::size_t finite = count_finite(column, rows);
  if (finite < kFewest) return 1;
  const std::size_t size = batch_size(finite), count = finite / size;  // the rest, which fills no batch, is left out
  const Batches batches = batches_of(column, rows, size, count);
  const auto n = static_cast<double>(size * count);
  const double mean = batches.sum / n;
  const double variance = (batches.squares - batches.sum * mean) / (n - 1);
  if (!(variance > 0)) return 1;
  double between = 0;
  for (const double of_batch : batches.means) between += (of_batch - mean) * (of_batch - mean);
  return std::max(1.0, static_cast<double>(size) * (between / static_cast<double>(count - 1)) / variance);
}

}  // namespace moola::market
