#include "market/indicators/rolling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "market/indicators/rolling_blocks.h"

namespace moola::market {
namespace rolling {

const Kernels& kernels(Isa isa) {
  return for_isa(isa, kKernels_v2, kKernels_v3, kKernels_v4);
}

}  // namespace rolling

using rolling::Block;
using rolling::each_block;
using rolling::kernels;

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

void window_moments(std::span<const double> x, int period, std::span<double> squares, std::span<double> cubes,
                    std::span<double> fourths) {
  if (cubes.size() != x.size() || fourths.size() != x.size())
    throw std::invalid_argument("a window's outputs are not as long as its input");
  for (const auto out : {cubes, fourths}) std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
  each_block(x, leading_nans(x), period, squares, [&](const Block& b) {
    kernels().moments(x.data() + b.begin, b.rows, b.period, squares.data() + b.row, cubes.data() + b.row,
                      fourths.data() + b.row, b.work);
  });
}

void window_count_below(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().count_below(x.data() + b.begin, b.rows, b.period, out.data() + b.row); });
}

void window_count_above(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out,
             [&](const Block& b) { kernels().count_above(x.data() + b.begin, b.rows, b.period, out.data() + b.row); });
}

void window_rescaled_range(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().rescaled_range(x.data() + b.begin, b.rows, b.period, out.data() + b.row);
  });
}

void window_dot(std::span<const double> x, std::span<const double> weights, std::span<double> out) {
  each_block(x, leading_nans(x), static_cast<int>(weights.size()), out, [&](const Block& b) {
    kernels().dot(x.data() + b.begin, weights.data(), b.rows, b.period, out.data() + b.row);
  });
}

void window_mean_and_squares(std::span<const double> x, int period, std::span<double> mean, std::span<double> squares) {
  if (squares.size() != x.size()) throw std::invalid_argument("a window's outputs are not as long as its input");
  const std::size_t before = std::min(x.size(), leading_nans(x) + static_cast<std::size_t>(period) - 1);
  std::fill_n(squares.begin(), before, std::numeric_limits<double>::quiet_NaN());
  each_block(x, leading_nans(x), period, mean, [&](const Block& b) {
    kernels().mean_and_squares(x.data() + b.begin, b.rows, b.period, mean.data() + b.row, squares.data() + b.row,
                               b.work);
  });
}

void window_triangle(std::span<const double> x, int period, std::span<double> out) {
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().triangle(x.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_middle(std::span<const double> high, std::span<const double> low, int period, std::span<double> out) {
  if (high.size() != low.size()) throw std::invalid_argument("two windows' inputs are of unequal length");
  each_block(high, std::max(leading_nans(high), leading_nans(low)), period, out, [&](const Block& b) {
    kernels().middle(high.data() + b.begin, low.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

namespace {

// What makes a slope per bar of the sum of products with the bars' numbers.
double slope_share(int period) {
  if (period < 2) throw std::invalid_argument("a line through fewer than two bars");
  return 12.0 / (period * (static_cast<double>(period) * period - 1.0));
}

}  // namespace

void window_line(std::span<const double> x, int period, double ahead, std::span<double> out) {
  const double from_middle = 0.5 * (period - 1.0) + ahead, share = from_middle * slope_share(period);
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().line(x.data() + b.begin, b.rows, b.period, 1, share, out.data() + b.row, b.work);
  });
}

void window_slope(std::span<const double> x, int period, std::span<double> out) {
  const double share = slope_share(period);
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().line(x.data() + b.begin, b.rows, b.period, 0, share, out.data() + b.row, b.work);
  });
}

void window_slope_angle(std::span<const double> x, int period, std::span<double> out) {
  const double share = slope_share(period);
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().line(x.data() + b.begin, b.rows, b.period, 0, share, out.data() + b.row, b.work);
    kernels().angle(out.data() + b.row, b.rows);
  });
}

void window_weighted_mean(std::span<const double> x, int period, std::span<double> out) {
  const double share = 2.0 / (period * (period + 1.0));
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    kernels().weighted_sum(x.data() + b.begin, b.rows, b.period, share, out.data() + b.row, b.work);
  });
}

void window_mean_by(std::span<const double> x, std::span<const double> weights, int period, std::span<double> out) {
  if (x.size() != weights.size()) throw std::invalid_argument("a window's input and its weights are of unequal length");
  each_block(x, std::max(leading_nans(x), leading_nans(weights)), period, out, [&](const Block& b) {
    kernels().mean_by(x.data() + b.begin, weights.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  });
}

void window_hull_mean(std::span<const double> x, int period, std::span<double> out) {
  if (period < 2) throw std::invalid_argument("half a window of fewer than two bars");
  int root = 1;
  while ((root + 1) * (root + 1) <= period) ++root;
  each_block(x, leading_nans(x), period + root - 1, out, [&](const Block& b) {
    kernels().hull(x.data() + b.begin, b.rows, static_cast<std::size_t>(period), static_cast<std::size_t>(root),
                   out.data() + b.row, b.work);
  });
}

}  // namespace moola::market
