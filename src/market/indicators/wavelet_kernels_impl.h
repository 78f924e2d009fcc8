#pragma once
// The kernels of one instruction set; included once by each wavelet_v*.cpp. Neighbouring windows lie side by side in
// vector registers: a coefficient is a column of one value per window, and those inside a window are columns of a
// series that begins a few values later. No template of the standard library is called, as in rolling_kernels_impl.h.
#include "market/indicators/wavelet_kernels.h"

namespace {

namespace w = moola::market::wavelet;

constexpr std::size_t kTogether = 32;  // sums that stay in registers

// Calls body(i, count) for some rows at a time; count is a constant but in the last call.
template <class Body>
void each_chunk(std::size_t rows, Body&& body) {
  std::size_t i = 0;
  for (; i + kTogether <= rows; i += kTogether) body(i, kTogether);
  if (i < rows) body(i, rows - i);
}

void weigh(const double* x, const double* base, std::size_t rows, const double* weights, std::size_t count,
           double* out) {
  each_chunk(rows, [&](std::size_t i, std::size_t together) {
    double total[kTogether] = {};
    for (std::size_t k = 0; k < count; ++k) {
      const double weight = weights[k];
      for (std::size_t r = 0; r < together; ++r) total[r] += weight * (x[i + r + k] - base[i + r]);
    }
    for (std::size_t r = 0; r < together; ++r) out[i + r] = total[r];
  });
}

// The eight columns that one coefficient is made of.
struct Taps {
  const double* column[w::kTaps];
};

template <class Column>
Taps taps_of(std::size_t k, std::size_t n, Column&& column) {
  Taps out;
  for (std::size_t j = 0; j < w::kTaps; ++j) out.column[j] = column(w::tap(k, j, n));
  return out;
}

// Calls store(row, low-pass value, high-pass value).
template <class Store>
void filter(const Taps& taps, std::size_t rows, Store&& store) {
  const double *const t0 = taps.column[0], *const t1 = taps.column[1], *const t2 = taps.column[2],
                      *const t3 = taps.column[3], *const t4 = taps.column[4], *const t5 = taps.column[5],
                      *const t6 = taps.column[6], *const t7 = taps.column[7];
#pragma GCC ivdep  // results lie elsewhere
  for (std::size_t i = 0; i < rows; ++i) {
    const double low = w::kLow[0] * t0[i] + w::kLow[1] * t1[i] + w::kLow[2] * t2[i] + w::kLow[3] * t3[i] +
                       w::kLow[4] * t4[i] + w::kLow[5] * t5[i] + w::kLow[6] * t6[i] + w::kLow[7] * t7[i];
    const double high = w::kHigh[0] * t0[i] + w::kHigh[1] * t1[i] + w::kHigh[2] * t2[i] + w::kHigh[3] * t3[i] +
                        w::kHigh[4] * t4[i] + w::kHigh[5] * t5[i] + w::kHigh[6] * t6[i] + w::kHigh[7] * t7[i];
    store(i, low, high);
  }
}

// The coefficients that see no mirrored value, of the series `x` whose neighbours lie `stride` apart: of every position
// from the first window's coefficient `first` on, `count` of them.
template <class Store>
void filter_series(const double* x, std::size_t stride, std::size_t first, std::size_t count, Store&& store) {
  Taps taps;
  for (std::size_t j = 0; j < w::kTaps; ++j) taps.column[j] = x + first - j * stride;
  filter(taps, count, [&](std::size_t i, double low, double high) { store(first + i, low, high); });
}

// out[i] = x[i] + x[i + stride] + ..., `count` of them.
void add_up(const double* x, std::size_t rows, std::size_t stride, std::size_t count, double* out) {
  each_chunk(rows, [&](std::size_t i, std::size_t together) {
    double total[kTogether] = {};
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t r = 0; r < together; ++r) total[r] += x[i + r + k * stride];
    }
    for (std::size_t r = 0; r < together; ++r) out[i + r] = total[r];
  });
}

// Where the coefficients of a level lie in their series: coefficient k of the window that begins at row 0.
constexpr std::size_t place(std::size_t level, std::size_t k) {
  return (k << level) + (std::size_t{1} << level) - 1;
}

void energies(const double* x, std::size_t rows, double* approx, double* d1, double* d2, double* d3, double* work) {
  constexpr std::size_t kSeries = w::kBlockRows + w::kWindow;
  double *const a1 = work, *const a2 = a1 + kSeries, *const square1 = a2 + kSeries, *const square2 = square1 + kSeries;
  double *const square3 = square2 + kSeries, *const square_a = square3 + kSeries;
  double *const edge1 = square_a + kSeries, *const edge2 = edge1 + 6 * w::kBlockRows;
  const std::size_t end = rows + w::kWindow - 1;  // of every series

  filter_series(x, 1, place(1, w::kInside1), end - place(1, w::kInside1), [&](std::size_t i, double low, double high) {
    a1[i] = low;
    square1[i] = high * high;
  });
  filter_series(a1, 2, place(2, w::kInside2), end - place(2, w::kInside2), [&](std::size_t i, double low, double high) {
    a2[i] = low;
    square2[i] = high * high;
  });
  filter_series(a2, 4, place(3, w::kInside3), end - place(3, w::kInside3), [&](std::size_t i, double low, double high) {
    square_a[i] = low * low;
    square3[i] = high * high;
  });
  add_up(square1 + place(1, w::kInside1), rows, 2, w::kOutside1 - w::kInside1, d1);
  add_up(square2 + place(2, w::kInside2), rows, 4, w::kOutside2 - w::kInside2, d2);
  add_up(square3 + place(3, w::kInside3), rows, 8, w::kOutside3 - w::kInside3, d3);
  add_up(square_a + place(3, w::kInside3), rows, 8, w::kOutside3 - w::kInside3, approx);

  // The columns of what is mirrored: of the first level 0, 1, 2, 32, 33, 34.
  const auto own1 = [&](std::size_t k) {
    return edge1 + (k < w::kInside1 ? k : k - w::kOutside1 + w::kInside1) * w::kBlockRows;
  };
  const auto own2 = [&](std::size_t k) {
    return edge2 + (k < w::kInside2 ? k : k - w::kOutside2 + w::kInside2) * w::kBlockRows;
  };
  const auto column1 = [&](std::size_t k) -> const double* {
    return k >= w::kInside1 && k < w::kOutside1 ? a1 + place(1, k) : own1(k);
  };
  const auto column2 = [&](std::size_t k) -> const double* {
    return k >= w::kInside2 && k < w::kOutside2 ? a2 + place(2, k) : own2(k);
  };
  for (std::size_t k = 0; k < w::kCount1; k = k + 1 == w::kInside1 ? w::kOutside1 : k + 1) {
    double* const own = own1(k);
    filter(taps_of(k, w::kWindow, [&](std::size_t i) { return x + i; }), rows,
           [&](std::size_t i, double low, double high) {
             own[i] = low;
             d1[i] += high * high;
           });
  }
  for (std::size_t k = 0; k < w::kCount2; k = k + 1 == w::kInside2 ? w::kOutside2 : k + 1) {
    double* const own = own2(k);
    filter(taps_of(k, w::kCount1, column1), rows, [&](std::size_t i, double low, double high) {
      own[i] = low;
      d2[i] += high * high;
    });
  }
  for (std::size_t k = 0; k < w::kCount3; k = k + 1 == w::kInside3 ? w::kOutside3 : k + 1) {
    filter(taps_of(k, w::kCount2, column2), rows, [&](std::size_t i, double low, double high) {
      approx[i] += low * low;
      d3[i] += high * high;
    });
  }
}

void median_deviation(const double* x, std::size_t rows, double* out, double* work) {
  double *const series = work, *const sorted = series + w::kBlockRows + w::kWindow;
  const auto column = [&](std::size_t k) { return sorted + k * w::kBlockRows; };
  filter_series(x, 1, place(1, w::kInside1), rows + w::kWindow - 1 - place(1, w::kInside1),
                [&](std::size_t i, double, double high) { series[i] = high; });
  for (std::size_t k = 0; k < w::kCount1; ++k) {
    double* const own = column(k);
    if (k >= w::kInside1 && k < w::kOutside1) {
      for (std::size_t i = 0; i < rows; ++i) own[i] = series[i + place(1, k)];
    } else {
      filter(taps_of(k, w::kWindow, [&](std::size_t i) { return x + i; }), rows,
             [&](std::size_t i, double, double high) { own[i] = high; });
    }
  }
  // Batcher's merge exchange (1968), of all windows at once.
  const auto order = [&](std::size_t a, std::size_t b) {
    double *const below = column(a), *const above = column(b);
#pragma GCC ivdep  // two columns
    for (std::size_t i = 0; i < rows; ++i) {
      const double one = below[i], two = above[i];
      below[i] = one < two ? one : two;
      above[i] = one > two ? one : two;  // another comparison, which makes it one instruction
    }
  };
  for (std::size_t p = 32; p > 0; p /= 2) {
    std::size_t q = 32, r = 0, d = p;
    for (;;) {
      for (std::size_t i = 0; i + d < w::kCount1; ++i) {
        if ((i & p) == r) order(i, i + d);
      }
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
  // The distances below the median rise away from it, and so do those above: of k below and the rest above, the far
  // ones' farther is least where both halves hold the nearest.
  constexpr std::size_t kMiddle = w::kCount1 / 2;
  const double* const median = column(kMiddle);
  for (std::size_t i = 0; i < rows; ++i) out[i] = column(w::kCount1 - 1)[i] - median[i];
  for (std::size_t k = 1; k <= kMiddle; ++k) {
    const double *const below = column(kMiddle - k), *const above = column(w::kCount1 - 1 - k);
#pragma GCC ivdep  // three columns and the output
    for (std::size_t i = 0; i < rows; ++i) {
      const double down = median[i] - below[i], up = above[i] - median[i];
      const double far = down > up ? down : up;
      out[i] = far < out[i] ? far : out[i];
    }
  }
}

constexpr w::Kernels this_set() {
  return {.weigh = weigh, .energies = energies, .median_deviation = median_deviation};
}

}  // namespace
