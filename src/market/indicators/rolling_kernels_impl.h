#pragma once
// The kernels of one instruction set; included once by each rolling_v*.cpp. The loops are plain, so that the compiler
// turns them into vector instructions.
//
// A window of 2 w values is two windows of w; a window of any length is one window per bit of its length, the shortest
// first. So log2(period) passes make all windows, whose sums are added in the same order at every row.
//
// No function of the standard library that is a template is called here: the linker would keep one copy of it for all
// of the program, and that could be the one for the newest processors.
#include <cmath>
#include <cstddef>

#include "market/indicators/rolling_kernels.h"

namespace {

void copy(const double* from, std::size_t count, double* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

void clear(double* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = 0;
}

// Calls `first(w)` for the lowest bit w of `period`, `join(have, w)` for every later one, and `twice(w)` to make
// windows of 2 w out of those of w.
template <class First, class Join, class Twice>
void by_halves(std::size_t period, First&& first, Join&& join, Twice&& twice) {
  std::size_t have = 0;
  for (std::size_t w = 1; w <= period; w *= 2) {
    if ((period & w) != 0) {
      if (have == 0) {
        first(w);
      } else {
        join(have, w);
      }
      have += w;
    }
    if (2 * w <= period) twice(w);
  }
}

void sum(const double* x, std::size_t rows, std::size_t period, double divisor, double* out, double* work) {
  double* const s = work;
  copy(x, rows + period - 1, s);
  by_halves(
      period, [&](std::size_t) { copy(s, rows, out); },
      [&](std::size_t have, std::size_t) {
        for (std::size_t i = 0; i < rows; ++i) out[i] += s[i + have];
      },
      [&](std::size_t w) {
#pragma GCC ivdep  // what is read lies ahead of what is written
        for (std::size_t i = 0; i < rows + period - 2 * w; ++i) s[i] += s[i + w];
      });
  if (divisor == 1) return;
  for (std::size_t i = 0; i < rows; ++i) out[i] /= divisor;
}

template <bool kHighest>
void extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto better = [](double a, double b) { return kHighest ? (a > b ? a : b) : (a < b ? a : b); };
  double* const best = work;
  copy(x, rows + period - 1, best);
  std::size_t w = 1;
  for (; 2 * w <= period; w *= 2) {
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < rows + period - 2 * w; ++i) best[i] = better(best[i], best[i + w]);
  }
  // The last two overlap, which extremes don't mind.
  for (std::size_t i = 0; i < rows; ++i) out[i] = better(best[i], best[i + period - w]);
}

template <bool kHighest>
void since_extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto as_good = [](double a, double b) { return kHighest ? a >= b : a <= b; };
  double *const best = work, *const at = work + rows + period;
  copy(x, rows + period - 1, best);
  for (std::size_t i = 0; i < rows + period - 1; ++i) at[i] = static_cast<double>(i);
  std::size_t w = 1;
  for (; 2 * w <= period; w *= 2) {
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < rows + period - 2 * w; ++i) {
      const double a = best[i], b = best[i + w], at_a = at[i], at_b = at[i + w];
      best[i] = as_good(b, a) ? b : a;
      at[i] = as_good(b, a) ? at_b : at_a;
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const double a = best[i], b = best[i + period - w], at_a = at[i], at_b = at[i + period - w];
    out[i] = static_cast<double>(i + period - 1) - (as_good(b, a) ? at_b : at_a);
  }
}

void weighted_sum(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  double *const s = work, *const weighted = work + rows + period;
  copy(x, rows + period - 1, s);
  copy(x, rows + period - 1, weighted);
  by_halves(
      period, [&](std::size_t) { copy(weighted, rows, out); },
      [&](std::size_t have, std::size_t) {
        const auto before = static_cast<double>(have);
        for (std::size_t i = 0; i < rows; ++i) out[i] += weighted[i + have] + before * s[i + have];
      },
      [&](std::size_t w) {
        const auto before = static_cast<double>(w);
#pragma GCC ivdep  // what is read lies ahead of what is written
        for (std::size_t i = 0; i < rows + period - 2 * w; ++i) {
          weighted[i] += weighted[i + w] + before * s[i + w];
          s[i] += s[i + w];
        }
      });
}

// Of two windows of a and b values, the deviations from the common mean: those from their own, and what their means are
// apart, times ab / (a + b). With means instead of sums a window that does not move has none, to the bit.
void squares(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  double *const mean = work, *const apart = mean + rows + period, *const joined = apart + rows + period;
  copy(x, rows + period - 1, mean);
  clear(apart, rows + period - 1);
  by_halves(
      period,
      [&](std::size_t) {
        copy(mean, rows, joined);
        copy(apart, rows, out);
      },
      [&](std::size_t have, std::size_t w) {
        const double a = static_cast<double>(have), b = static_cast<double>(w), share = b / (a + b), both = a * share;
        for (std::size_t i = 0; i < rows; ++i) {
          const double d = mean[i + have] - joined[i];
          out[i] += apart[i + have] + d * d * both;
          joined[i] += d * share;
        }
      },
      [&](std::size_t w) {
        const double half = static_cast<double>(w) / 2;
#pragma GCC ivdep  // what is read lies ahead of what is written
        for (std::size_t i = 0; i < rows + period - 2 * w; ++i) {
          const double d = mean[i + w] - mean[i];
          apart[i] += apart[i + w] + d * d * half;
          mean[i] += d * 0.5;
        }
      });
}

void products(const double* x, const double* y, std::size_t rows, std::size_t period, double* out, double* work) {
  const std::size_t stride = rows + period;
  double *const mean_x = work, *const mean_y = work + stride, *const apart = work + 2 * stride;
  double *const joined_x = work + 3 * stride, *const joined_y = work + 4 * stride;
  copy(x, rows + period - 1, mean_x);
  copy(y, rows + period - 1, mean_y);
  clear(apart, rows + period - 1);
  by_halves(
      period,
      [&](std::size_t) {
        copy(mean_x, rows, joined_x);
        copy(mean_y, rows, joined_y);
        copy(apart, rows, out);
      },
      [&](std::size_t have, std::size_t w) {
        const double a = static_cast<double>(have), b = static_cast<double>(w), share = b / (a + b), both = a * share;
        for (std::size_t i = 0; i < rows; ++i) {
          const double dx = mean_x[i + have] - joined_x[i], dy = mean_y[i + have] - joined_y[i];
          out[i] += apart[i + have] + dx * dy * both;
          joined_x[i] += dx * share;
          joined_y[i] += dy * share;
        }
      },
      [&](std::size_t w) {
        const double half = static_cast<double>(w) / 2;
#pragma GCC ivdep  // what is read lies ahead of what is written
        for (std::size_t i = 0; i < rows + period - 2 * w; ++i) {
          const double dx = mean_x[i + w] - mean_x[i], dy = mean_y[i + w] - mean_y[i];
          apart[i] += apart[i + w] + dx * dy * half;
          mean_x[i] += dx * 0.5;
          mean_y[i] += dy * 0.5;
        }
      });
}

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

constexpr moola::market::rolling::Kernels this_set() {
  return {.sum = sum,
          .max = extreme<true>,
          .min = extreme<false>,
          .weighted_sum = weighted_sum,
          .squares = squares,
          .products = products,
          .mean_deviation = mean_deviation,
          .since_max = since_extreme<true>,
          .since_min = since_extreme<false>};
}

}  // namespace
