#pragma once
// What looks at every value of a window, so that it costs as much as the window is long; for rolling_kernels_impl.h.
#include <cmath>
#include <cstddef>

#include "market/double_lanes.h"

namespace {

void mean_deviation(const double* x, const double* mean, std::size_t rows, std::size_t period, double* out) {
  constexpr std::size_t kTogether = 32;  // sums that stay in registers
  const auto count = static_cast<double>(period);
  std::size_t i = 0;
  for (; i + kTogether <= rows; i += kTogether) {
    double total[kTogether] = {};
    for (std::size_t k = 0; k < period; ++k) {
      for (std::size_t r = 0; r < kTogether; ++r) total[r] += std::fabs(x[i + r + k] - mean[i + r]);
    }
    for (std::size_t r = 0; r < kTogether; ++r) out[i + r] = total[r] / count;
  }
  for (; i < rows; ++i) {
    double total = 0;
    for (std::size_t k = 0; k < period; ++k) total += std::fabs(x[i + k] - mean[i]);
    out[i] = total / count;
  }
}

template <bool kBelow>
void count(const double* x, std::size_t rows, std::size_t period, double* out) {
  constexpr std::size_t kTogether = 32;  // counts that stay in registers
  const auto counts = [](double value, double newest) {
    return (kBelow ? value < newest : value > newest) ? 1.0 : 0.0;
  };
  const double* const newest = x + period - 1;
  std::size_t i = 0;
  for (; i + kTogether <= rows; i += kTogether) {
    double total[kTogether] = {};
    for (std::size_t k = 0; k + 1 < period; ++k) {
      for (std::size_t r = 0; r < kTogether; ++r) total[r] += counts(x[i + r + k], newest[i + r]);
    }
    for (std::size_t r = 0; r < kTogether; ++r) out[i + r] = total[r];
  }
  for (; i < rows; ++i) {
    double total = 0;
    for (std::size_t k = 0; k + 1 < period; ++k) total += counts(x[i + k], newest[i]);
    out[i] = total;
  }
}

// Of kTogether registers' windows: how far the path of summed deviations reaches, and the squared deviations.
template <class L, std::size_t kTogether>
void path_ranges(const double* x, std::size_t period, double* range, double* square) {
  using V = typename L::V;
  const V zero = L::all(0.0), count = L::all(static_cast<double>(period));
  V mean[kTogether], path[kTogether], high[kTogether], low[kTogether], squares[kTogether];
  for (std::size_t t = 0; t < kTogether; ++t) {
    V total = zero;
    for (std::size_t k = 0; k < period; ++k) total = L::add(total, L::read(x + t * L::kCount + k));
    mean[t] = L::divide(total, count);
    path[t] = high[t] = low[t] = squares[t] = zero;
  }
  // The path comes back to 0 at its end, so beginning with it changes neither extreme but by rounding.
  for (std::size_t k = 0; k < period; ++k) {
    for (std::size_t t = 0; t < kTogether; ++t) {
      const V d = L::subtract(L::read(x + t * L::kCount + k), mean[t]);
      squares[t] = L::add(squares[t], L::multiply(d, d));
      path[t] = L::add(path[t], d);
      high[t] = L::higher(path[t], high[t]);
      low[t] = L::lower(path[t], low[t]);
    }
  }
  for (std::size_t t = 0; t < kTogether; ++t) {
    L::write(range + t * L::kCount, L::subtract(high[t], low[t]));
    L::write(square + t * L::kCount, squares[t]);
  }
}

void rescaled_range(const double* x, std::size_t rows, std::size_t period, double* out) {
  constexpr std::size_t kTogether = 3, kStep = kTogether * Lanes::kCount, kRows = 8 * kStep;
  const double freedom = static_cast<double>(period) - 1.0;
  double square[kRows];
  for (std::size_t begin = 0; begin < rows; begin += kRows) {
    const std::size_t count = rows - begin < kRows ? rows - begin : kRows;
    std::size_t i = 0;
    for (; i + kStep <= count; i += kStep)
      path_ranges<Lanes, kTogether>(x + begin + i, period, out + begin + i, square + i);
    for (; i < count; ++i) path_ranges<OneLane, 1>(x + begin + i, period, out + begin + i, square + i);
    for (i = 0; i < count; ++i) {
      const double ratio = out[begin + i] / std::sqrt(square[i] / freedom);
      out[begin + i] = square[i] > 0 ? ratio : 0.0;
    }
  }
}

// Of kTogether registers' windows, the small weights of the far past first.
template <class L, std::size_t kTogether>
void dots(const double* x, const double* weights, std::size_t period, double* out) {
  typename L::V total[kTogether];
  for (std::size_t t = 0; t < kTogether; ++t) total[t] = L::all(0.0);
  for (std::size_t k = 0; k < period; ++k) {
    const typename L::V weight = L::all(weights[period - 1 - k]);
    for (std::size_t t = 0; t < kTogether; ++t)
      total[t] = L::add(total[t], L::multiply(weight, L::read(x + t * L::kCount + k)));
  }
  for (std::size_t t = 0; t < kTogether; ++t) L::write(out + t * L::kCount, total[t]);
}

void dot(const double* x, const double* weights, std::size_t rows, std::size_t period, double* out) {
  constexpr std::size_t kTogether = 8, kStep = kTogether * Lanes::kCount;
  std::size_t i = 0;
  for (; i + kStep <= rows; i += kStep) dots<Lanes, kTogether>(x + i, weights, period, out + i);
  for (; i < rows; ++i) dots<OneLane, 1>(x + i, weights, period, out + i);
}

}  // namespace
