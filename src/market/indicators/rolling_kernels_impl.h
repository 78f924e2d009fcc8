#pragma once
// The kernels of one instruction set; included once by each rolling_v*.cpp. The loops are plain, so that the compiler
// turns them into vector instructions.
//
// A window of 12 values is three windows of 4 end to end: all windows of a length that has small factors come out of as
// many passes, each of which reads and writes every row once, and those of another length out of the ones that are a
// value shorter. So every row's values are put together in the same order.
//
// No function of the standard library that is a template is called here: the linker would keep one copy of it for all
// of the program, and that could be the one for the newest processors.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "market/double_lanes.h"
#include "market/indicators/rolling_kernels.h"
#include "market/portable_atan.h"
#include "market/portable_log.h"

namespace {

#define MOOLA_INLINE inline __attribute__((always_inline))

// What all windows of one kind know of themselves lies in a `Windows`: it reads the window of one value at row i, keeps
// and reads those of w values, joins neighbours of a and b values, and puts those of `period` values where they belong.

// Out of windows of w values, kParts of them end to end.
template <std::size_t kParts, bool kFromValues, class Windows>
MOOLA_INLINE auto end_to_end(const Windows& windows, std::size_t i, std::size_t w) {
  const auto one = [&](std::size_t k) __attribute__((always_inline)) {
    if constexpr (kFromValues) {
      return windows.value(i + k * w);
    } else {
      return windows.load(i + k * w);
    }
  };
  const auto two = [&](std::size_t k) __attribute__((always_inline)) {
    return windows.join(one(k), one(k + 1), w, w);
  };
  if constexpr (kParts == 2) return two(0);
  if constexpr (kParts == 3) return windows.join(two(0), one(2), 2 * w, w);
  if constexpr (kParts == 4) return windows.join(two(0), two(2), 2 * w, 2 * w);
  if constexpr (kParts == 5) return windows.join(windows.join(two(0), two(2), 2 * w, 2 * w), one(4), 4 * w, w);
  if constexpr (kParts == 7) {
    return windows.join(windows.join(two(0), two(2), 2 * w, 2 * w), windows.join(two(4), one(6), 2 * w, w), 4 * w,
                        3 * w);
  }
}

template <std::size_t kParts, class Windows>
MOOLA_INLINE void join_parts(const Windows& windows, std::size_t w, std::size_t rows, std::size_t period) {
  const std::size_t count = rows + period - kParts * w;
  const bool first = w == 1, last = kParts * w == period;
  if (first && last) {
#pragma GCC ivdep  // results overlap nothing
    for (std::size_t i = 0; i < count; ++i) windows.put(i, end_to_end<kParts, true>(windows, i, w));
  } else if (first) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.store(i, end_to_end<kParts, true>(windows, i, w));
  } else if (last) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.put(i, end_to_end<kParts, false>(windows, i, w));
  } else {
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < count; ++i) windows.store(i, end_to_end<kParts, false>(windows, i, w));
  }
}

template <class Windows>
MOOLA_INLINE void join_value(const Windows& windows, std::size_t w, std::size_t rows, std::size_t period) {
  const std::size_t count = rows + period - w - 1;
  if (w + 1 == period) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.put(i, windows.join(windows.load(i), windows.value(i + w), w, 1));
  } else {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.store(i, windows.join(windows.load(i), windows.value(i + w), w, 1));
  }
}

template <class Windows>
MOOLA_INLINE void all_windows(const Windows& windows, std::size_t rows, std::size_t period) {
  if (period == 1) {
    for (std::size_t i = 0; i < rows; ++i) windows.put(i, windows.value(i));
    return;
  }
  // The steps from the last to the first: 1 says that a value was added.
  constexpr std::size_t kMost = 128;  // a value more is followed by at least a doubling
  std::size_t steps[kMost], count = 0;
  for (std::size_t left = period; left > 1; ++count) {
    const std::size_t parts = left % 4 == 0   ? 4
                              : left % 5 == 0 ? 5
                              : left % 7 == 0 ? 7
                              : left % 3 == 0 ? 3
                              : left % 2 == 0 ? 2
                                              : 1;
    steps[count] = parts;
    left = parts == 1 ? left - 1 : left / parts;
  }
  std::size_t w = 1;
  while (count > 0) {
    const std::size_t step = steps[--count];
    if (step == 1) {
      join_value(windows, w, rows, period);
    } else if (step == 2) {
      join_parts<2>(windows, w, rows, period);
    } else if (step == 3) {
      join_parts<3>(windows, w, rows, period);
    } else if (step == 4) {
      join_parts<4>(windows, w, rows, period);
    } else if (step == 5) {
      join_parts<5>(windows, w, rows, period);
    } else {
      join_parts<7>(windows, w, rows, period);
    }
    w = step == 1 ? w + 1 : step * w;
  }
}

struct SumWindows {
  const double* x;
  double *work, *out;
  MOOLA_INLINE double value(std::size_t i) const { return x[i]; }
  MOOLA_INLINE double load(std::size_t i) const { return work[i]; }
  MOOLA_INLINE void store(std::size_t i, double sum) const { work[i] = sum; }
  MOOLA_INLINE void put(std::size_t i, double sum) const { out[i] = sum; }
  MOOLA_INLINE double join(double a, double b, std::size_t, std::size_t) const { return a + b; }
};

void sum(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  all_windows(SumWindows{x, work, out}, rows, period);
}

// With means instead of sums there is nothing to divide in the end, and the mean of equal values is that value.
struct MeanWindows : SumWindows {
  MOOLA_INLINE double join(double a, double b, std::size_t of_a, std::size_t of_b) const {
    return a + (b - a) * (static_cast<double>(of_b) / static_cast<double>(of_a + of_b));
  }
};

void mean(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  all_windows(MeanWindows{{x, work, out}}, rows, period);
}

struct Weighted {
  double weighted, plain;
};
struct WeightedWindows {
  const double* x;
  double *weighted, *plain, *out;
  MOOLA_INLINE Weighted value(std::size_t i) const { return {x[i], x[i]}; }
  MOOLA_INLINE Weighted load(std::size_t i) const { return {weighted[i], plain[i]}; }
  MOOLA_INLINE void store(std::size_t i, Weighted w) const {
    weighted[i] = w.weighted;
    plain[i] = w.plain;
  }
  MOOLA_INLINE void put(std::size_t i, Weighted w) const { out[i] = w.weighted; }
  MOOLA_INLINE Weighted join(Weighted a, Weighted b, std::size_t of_a, std::size_t) const {
    return {a.weighted + (b.weighted + static_cast<double>(of_a) * b.plain), a.plain + b.plain};
  }
};

void weighted_sum(const double* x, std::size_t rows, std::size_t period, double factor, double* out, double* work) {
  all_windows(WeightedWindows{x, work, work + rows + period, out}, rows, period);
  for (std::size_t i = 0; i < rows; ++i) out[i] *= factor;
}

// Of two windows of a and b values, the deviations from the common mean: those from their own, and what their means are
// apart, times ab / (a + b). With means instead of sums a window that does not move has none, to the bit.
struct Apart {
  double mean_x, mean_y, apart;
};
template <bool kSame>
struct ApartWindows {
  const double *x, *y;
  double *mean_x, *mean_y, *apart, *out;
  MOOLA_INLINE Apart value(std::size_t i) const { return {x[i], kSame ? x[i] : y[i], 0.0}; }
  MOOLA_INLINE Apart load(std::size_t i) const { return {mean_x[i], kSame ? mean_x[i] : mean_y[i], apart[i]}; }
  MOOLA_INLINE void store(std::size_t i, Apart w) const {
    mean_x[i] = w.mean_x;
    if (!kSame) mean_y[i] = w.mean_y;
    apart[i] = w.apart;
  }
  MOOLA_INLINE void put(std::size_t i, Apart w) const { out[i] = w.apart; }
  MOOLA_INLINE Apart join(Apart a, Apart b, std::size_t of_a, std::size_t of_b) const {
    const double share = static_cast<double>(of_b) / static_cast<double>(of_a + of_b);
    const double both = static_cast<double>(of_a) * share;
    const double dx = b.mean_x - a.mean_x, dy = kSame ? dx : b.mean_y - a.mean_y;
    return {a.mean_x + dx * share, kSame ? 0.0 : a.mean_y + dy * share, a.apart + b.apart + dx * dy * both};
  }
};

void squares(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const std::size_t stride = rows + period;
  all_windows(ApartWindows<true>{x, x, work, nullptr, work + stride, out}, rows, period);
}

void products(const double* x, const double* y, std::size_t rows, std::size_t period, double* out, double* work) {
  const std::size_t stride = rows + period;
  all_windows(ApartWindows<false>{x, y, work, work + stride, work + 2 * stride, out}, rows, period);
}

// The squares of both and the products of their deviations, whose means are the same.
struct Pair {
  double mean_x, mean_y, xx, yy, xy;
};
struct PairWindows {
  const double *x, *y;
  double* work;        // five columns
  std::size_t stride;  // from one to the next
  double *xx, *yy, *xy;
  MOOLA_INLINE Pair value(std::size_t i) const { return {x[i], y[i], 0.0, 0.0, 0.0}; }
  MOOLA_INLINE Pair load(std::size_t i) const {
    return {work[i], work[i + stride], work[i + 2 * stride], work[i + 3 * stride], work[i + 4 * stride]};
  }
  MOOLA_INLINE void store(std::size_t i, Pair w) const {
    work[i] = w.mean_x;
    work[i + stride] = w.mean_y;
    work[i + 2 * stride] = w.xx;
    work[i + 3 * stride] = w.yy;
    work[i + 4 * stride] = w.xy;
  }
  MOOLA_INLINE void put(std::size_t i, Pair w) const {
    xx[i] = w.xx;
    yy[i] = w.yy;
    xy[i] = w.xy;
  }
  MOOLA_INLINE Pair join(Pair a, Pair b, std::size_t of_a, std::size_t of_b) const {
    const double share = static_cast<double>(of_b) / static_cast<double>(of_a + of_b);
    const double both = static_cast<double>(of_a) * share;
    const double dx = b.mean_x - a.mean_x, dy = b.mean_y - a.mean_y, ex = dx * both, ey = dy * both;
    return {a.mean_x + dx * share, a.mean_y + dy * share, a.xx + b.xx + dx * ex, a.yy + b.yy + dy * ey,
            a.xy + b.xy + dx * ey};
  }
};

void pair(const double* x, const double* y, std::size_t rows, std::size_t period, double* xx, double* yy, double* xy,
          double* work) {
  const std::size_t stride = rows + period;
  all_windows(PairWindows{x, y, work, stride, xx, yy, xy}, rows, period);
}

struct CorrelationWindows : PairWindows {
  double *out, *squares;
  MOOLA_INLINE void put(std::size_t i, Pair w) const {
    const double both = w.xx * w.yy, value = w.xy / std::sqrt(both);
    const double most = value < 1.0 ? value : 1.0, held = most > -1.0 ? most : -1.0;
    out[i] = both > 0 ? held : 0.0;
    squares[i] = both;
  }
};

std::int64_t zeros(const double* x, std::size_t rows) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < rows; ++i) count += x[i] == 0 ? 1 : 0;
  return count;
}

std::int64_t correlation(const double* x, const double* y, std::size_t rows, std::size_t period, double* out,
                         double* work) {
  const std::size_t stride = rows + period;
  double* const squares = work + 5 * stride;
  all_windows(CorrelationWindows{{x, y, work, stride, nullptr, nullptr, nullptr}, out, squares}, rows, period);
  return zeros(squares, rows);
}

// As ApartWindows, with the third and fourth powers. Pebay 2008.
struct Moments {
  double mean, squares, cubes, fourths;
};
struct MomentWindows {
  const double* x;
  double* work;        // four columns
  std::size_t stride;  // from one to the next
  double *squares, *cubes, *fourths;
  MOOLA_INLINE Moments value(std::size_t i) const { return {x[i], 0.0, 0.0, 0.0}; }
  MOOLA_INLINE Moments load(std::size_t i) const {
    return {work[i], work[i + stride], work[i + 2 * stride], work[i + 3 * stride]};
  }
  MOOLA_INLINE void store(std::size_t i, Moments w) const {
    work[i] = w.mean;
    work[i + stride] = w.squares;
    work[i + 2 * stride] = w.cubes;
    work[i + 3 * stride] = w.fourths;
  }
  MOOLA_INLINE void put(std::size_t i, Moments w) const {
    squares[i] = w.squares;
    cubes[i] = w.cubes;
    fourths[i] = w.fourths;
  }
  MOOLA_INLINE Moments join(Moments a, Moments b, std::size_t of_a, std::size_t of_b) const {
    const double all = static_cast<double>(of_a + of_b);
    const double p = static_cast<double>(of_a) / all, q = static_cast<double>(of_b) / all;
    const double both = static_cast<double>(of_a) * q;
    const double d = b.mean - a.mean, d2 = d * d;
    return {a.mean + d * q, a.squares + b.squares + d2 * both,
            a.cubes + b.cubes + d * (d2 * (both * (p - q)) + 3.0 * (p * b.squares - q * a.squares)),
            a.fourths + b.fourths +
                d2 * (d2 * (both * (p * p - p * q + q * q)) + 6.0 * ((p * p) * b.squares + (q * q) * a.squares)) +
                d * (4.0 * (p * b.cubes - q * a.cubes))};
  }
};

void moments(const double* x, std::size_t rows, std::size_t period, double* squares, double* cubes, double* fourths,
             double* work) {
  const std::size_t stride = rows + period;
  all_windows(MomentWindows{x, work, stride, squares, cubes, fourths}, rows, period);
}

template <bool kHighest>
void extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto better = [](double a, double b) { return kHighest ? (a > b ? a : b) : (a < b ? a : b); };
  const double* best = x;
  std::size_t w = 1;
  for (; 4 * w <= period; w *= 4) {
    const std::size_t count = rows + period - 4 * w;
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < count; ++i)
      work[i] = better(better(best[i], best[i + w]), better(best[i + 2 * w], best[i + 3 * w]));
    best = work;
  }
  // The last ones overlap, which extremes don't mind.
  const std::size_t last = period - w;
  if (2 * w >= period) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = better(best[i], best[i + last]);
  } else {
    const std::size_t middle = w, late = last - w;
    for (std::size_t i = 0; i < rows; ++i)
      out[i] = better(better(best[i], best[i + middle]), better(best[i + late], best[i + last]));
  }
}

template <bool kHighest>
void since_extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto as_good = [](double a, double b) { return kHighest ? a >= b : a <= b; };
  double *const best = work, *const at = work + rows + period;
  for (std::size_t i = 0; i < rows + period - 1; ++i) best[i] = x[i];
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

void log(const double* x, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) out[i] = moola::market::portable_log(x[i]);
}

void log_ratio(const double* x, const double* y, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) out[i] = moola::market::portable_log(x[i] / y[i]);
}

// The mean of the means of about half the window.
void triangle(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const std::size_t inner = (period + 1) / 2, outer = period + 1 - inner;
  double* const sums = work + rows + period;
  sum(x, rows + outer - 1, inner, sums, work);
  sum(sums, rows, outer, out, work);
  const double share = 1.0 / (static_cast<double>(inner) * static_cast<double>(outer));
  for (std::size_t i = 0; i < rows; ++i) out[i] *= share;
}

void middle(const double* high, const double* low, std::size_t rows, std::size_t period, double* out, double* work) {
  double* const highest = work + rows + period;
  extreme<true>(high, rows, period, highest, work);
  extreme<false>(low, rows, period, out, work);
  for (std::size_t i = 0; i < rows; ++i) out[i] = (highest[i] + out[i]) * 0.5;
}

void mean_by(const double* x, const double* weights, std::size_t rows, std::size_t period, double* out, double* work) {
  double *const weighted = work + rows + period, *const total = weighted + rows + period;
  for (std::size_t i = 0; i < rows + period - 1; ++i) weighted[i] = x[i] * weights[i];
  sum(weighted, rows, period, out, work);
  sum(weights, rows, period, total, work);
  for (std::size_t i = 0; i < rows; ++i) out[i] /= total[i];
}

// Of three weighted means over `period`, half of it and its root.
void hull(const double* x, std::size_t rows, std::size_t period, std::size_t root, double* out, double* work) {
  const std::size_t half = period / 2, needed = rows + root - 1;
  const auto share = [](std::size_t bars) {
    return 2.0 / (static_cast<double>(bars) * (static_cast<double>(bars) + 1));
  };
  double *const ahead = work + 2 * (needed + period), *const slow = ahead + needed;
  weighted_sum(x + (period - half), needed, half, 2.0 * share(half), ahead, work);
  weighted_sum(x, needed, period, share(period), slow, work);
  for (std::size_t i = 0; i < needed; ++i) ahead[i] -= slow[i];
  weighted_sum(ahead, rows, root, share(root), out, work);
}

// As squares, but of products with the bars' numbers, whose means are a known number of bars apart.
struct Tilted {
  double mean, tilt;
};
template <bool kMean>
struct LineWindows {
  const double* x;
  double *mean, *tilt, *out;
  double mean_share, tilt_share;
  MOOLA_INLINE Tilted value(std::size_t i) const { return {x[i], 0.0}; }
  MOOLA_INLINE Tilted load(std::size_t i) const { return {mean[i], tilt[i]}; }
  MOOLA_INLINE void store(std::size_t i, Tilted w) const {
    mean[i] = w.mean;
    tilt[i] = w.tilt;
  }
  MOOLA_INLINE void put(std::size_t i, Tilted w) const {
    out[i] = kMean ? w.mean * mean_share + w.tilt * tilt_share : w.tilt * tilt_share;
  }
  MOOLA_INLINE Tilted join(Tilted a, Tilted b, std::size_t of_a, std::size_t of_b) const {
    const double share = static_cast<double>(of_b) / static_cast<double>(of_a + of_b);
    const double both = static_cast<double>(of_a) * static_cast<double>(of_b) / 2;
    const double d = b.mean - a.mean;
    return {a.mean + d * share, a.tilt + b.tilt + d * both};
  }
};

void line(const double* x, std::size_t rows, std::size_t period, double mean_share, double tilt_share, double* out,
          double* work) {
  const std::size_t stride = rows + period;
  if (mean_share == 0) {
    all_windows(LineWindows<false>{x, work, work + stride, out, mean_share, tilt_share}, rows, period);
  } else {
    all_windows(LineWindows<true>{x, work, work + stride, out, mean_share, tilt_share}, rows, period);
  }
}

// Of slopes, in degrees.
void angle(double* slope, std::size_t rows) {
  constexpr double kDegrees = 0x1.ca5dc1a63c1f8p+5;  // 180 / pi
  for (std::size_t i = 0; i < rows; ++i) slope[i] = moola::market::portable_atan(slope[i]) * kDegrees;
}

constexpr moola::market::rolling::Kernels this_set() {
  return {.sum = sum,
          .mean = mean,
          .max = extreme<true>,
          .min = extreme<false>,
          .weighted_sum = weighted_sum,
          .squares = squares,
          .products = products,
          .pair = pair,
          .correlation = correlation,
          .mean_deviation = mean_deviation,
          .since_max = since_extreme<true>,
          .since_min = since_extreme<false>,
          .moments = moments,
          .count_below = count<true>,
          .count_above = count<false>,
          .rescaled_range = rescaled_range,
          .dot = dot,
          .mean_by = mean_by,
          .hull = hull,
          .triangle = triangle,
          .middle = middle,
          .line = line,
          .angle = angle,
          .log = log,
          .log_ratio = log_ratio};
}

}  // namespace
