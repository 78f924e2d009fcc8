#include "market/indicators/rolling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "market/indicators/rolling_kernels.h"

namespace moola::market {
namespace {

constexpr std::size_t kBlock = 512;  // rows whose intermediate values stay in the cache

// Some rows at a time: the first window begins at row `begin` and ends at row `row`.
struct Block {
  std::size_t begin, row, rows, period;
  double* work;
};

// `leading`: rows at the start that have no input.
template <class Compute>
void each_block(std::span<const double> x, std::size_t leading, int period, std::span<double> out, Compute&& compute) {
  const std::size_t n = x.size();
  if (period < 1) throw std::invalid_argument("a window of no bars");
  if (out.size() != n) throw std::invalid_argument("a window's output is not as long as its input");
  const auto length = static_cast<std::size_t>(period);
  const std::size_t first = std::min(n, leading + length - 1);
  std::fill_n(out.begin(), first, std::numeric_limits<double>::quiet_NaN());
  if (first == n) return;
  const std::size_t block = std::max(kBlock, 2 * length);  // long windows: their overlap must not be all there is to do
  std::vector<double> work(rolling::work_size(std::min(block, n), length));
  for (std::size_t row = first; row < n; row += block)
    compute(Block{row + 1 - length, row, std::min(block, n - row), length, work.data()});
}

const rolling::Kernels& kernels() {
  return rolling::kernels(isa());
}

}  // namespace

namespace rolling {

const Kernels& kernels(Isa isa) {
  return isa == Isa::v4 ? kKernels_v4 : isa == Isa::v3 ? kKernels_v3 : kKernels_v2;
}

}  // namespace rolling

std::size_t leading_nans(std::span<const double> x) {
  const auto first = std::find_if(x.begin(), x.end(), [](double value) { return !std::isnan(value); });
  return static_cast<std::size_t>(first - x.begin());
}

void window_sum(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().sum(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work); });
}

void window_mean(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().mean(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work); });
}

void window_max(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().max(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work); });
}

void window_min(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().min(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work); });
}

void window_squares(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().squares(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_weighted_sum(std::span<const double> x, int period, std::span<double> out, double factor) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().weighted_sum(x.data() + b.begin, b.rows, b.period, factor, out.data() + b.row, b.work);
  });
}

void window_bars_since_max(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().since_max(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_bars_since_min(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().since_min(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_products(std::span<const double> x, std::span<const double> y, int period, std::span<double> out) {
  if (x.size() != y.size()) throw std::invalid_argument("two windows' inputs are of unequal length");
  each_block(x, std::max(leading_nans(x), leading_nans(y)), period, out, [&](const Block& b) {
    kernels().products(x.data() + b.begin, y.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_mean_deviation(std::span<const double> x, std::span<const double> mean, int period, std::span<double> out) {
  if (x.size() != mean.size()) throw std::invalid_argument("a window's input and its means are of unequal length");
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().mean_deviation(x.data() + b.begin, mean.data() + b.row, b.rows, b.period, out.data() + b.row);
  });
}

}  // namespace moola::market
