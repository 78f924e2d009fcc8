#pragma once
// Deviations from the mean, their products and powers, and lines of least squares, for rolling_kernels_impl.h.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "market/indicators/rolling_joins_impl.h"
#include "market/portable_atan.h"

namespace {

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

struct MeanAndSquaresWindows : ApartWindows<true> {
  double* means;
  MOOLA_INLINE void put(std::size_t i, Apart w) const {
    means[i] = w.mean_x;
    out[i] = w.apart;
  }
};

void mean_and_squares(const double* x, std::size_t rows, std::size_t period, double* mean, double* out, double* work) {
  const std::size_t stride = rows + period;
  all_windows(MeanAndSquaresWindows{{x, x, work, nullptr, work + stride, out}, mean}, rows, period);
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

}  // namespace
