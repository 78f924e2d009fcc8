#pragma once
// The LSTM kernels of one instruction set; see lstm_kernel.h for the contract. Included once by each
// lstm_kernel_v*.cpp.
//
// A forward tile is kForwardRows rows by one unit group: its four gates fill the registers, so the activations follow
// the product without a trip through memory, and the input's contribution is simply the first part of the sum. Weights
// come from the second-level cache (all of them are needed at every step); rows of x and h stay in the first.
#include "models/lstm_kernel.h"
#include "models/lstm_kernel_simd.h"

namespace {

using moola::models::lstm_kernel::Backward;
using moola::models::lstm_kernel::Forward;
using moola::models::lstm_kernel::Kernels;
using moola::models::lstm_kernel::WeightGradient;

constexpr ptrdiff_t kGroup = 4 * kLanes;  // floats of a group row
constexpr ptrdiff_t kBetweenFetches = 4;  // sum terms between two fetches of activations

/// Layout (groups, 1 + inputs + hidden, 4, lanes), bias first. Multiplied by what `activate` wants: -1 for a sigmoid, 2
/// for tanh, both exact.
void pack_forward(const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh, ptrdiff_t inputs,
                  ptrdiff_t hidden, float* out) {
  for (ptrdiff_t g = 0; g < groups_of(hidden); ++g) {
    for (ptrdiff_t k = -1; k < inputs + hidden; ++k) {
      for (ptrdiff_t gate = 0; gate < 4; ++gate) {
        const float factor = gate == 2 ? 2.0f : -1.0f;
        for (ptrdiff_t lane = 0; lane < kLanes; ++lane) {
          const ptrdiff_t row = gate * hidden + g * kLanes + lane;
          float value = 0.0f;
          if (lane < lanes_in(hidden, g)) {
            value = k < 0        ? b_ih[row] + b_hh[row]
                    : k < inputs ? w_ih[row * inputs + k]
                                 : w_hh[row * hidden + k - inputs];
          }
          *out++ = factor * value;
        }
      }
    }
  }
}

/// Panels of up to two lane groups of columns, first those of w_hh, then those of w_ih; inside one, (sum term,
/// columns). Sum terms are in the order of a saved gate row, without its padding.
void pack_backward_panels(const float* w, ptrdiff_t width, ptrdiff_t hidden, float*& out) {
  for (ptrdiff_t c = 0; c < groups_of(width); c += 2) {
    const ptrdiff_t columns = (groups_of(width) - c < 2 ? 1 : 2) * kLanes;
    for (ptrdiff_t g = 0; g < groups_of(hidden); ++g) {
      for (ptrdiff_t gate = 0; gate < 4; ++gate) {
        for (ptrdiff_t lane = 0; lane < lanes_in(hidden, g); ++lane) {
          const ptrdiff_t row = gate * hidden + g * kLanes + lane;
          for (ptrdiff_t column = c * kLanes; column < c * kLanes + columns; ++column) {
            *out++ = column < width ? w[row * width + column] : 0.0f;
          }
        }
      }
    }
  }
}

void pack_backward(const float* w_ih, const float* w_hh, ptrdiff_t inputs, ptrdiff_t hidden, float* out) {
  pack_backward_panels(w_hh, hidden, hidden, out);
  if (w_ih) pack_backward_panels(w_ih, inputs, hidden, out);
}

/// sums[r] += rows[r][0..count) * w, w being (count, 4, lanes).
template <int R>
MOOLA_INLINE void accumulate_forward(Vec (&sums)[R][4], const float* rows, ptrdiff_t row_stride, ptrdiff_t count,
                                     const float*& w, Fetch<>& fetch) {
  const float* row[R];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) row[r] = rows + r * row_stride;
  const auto term = [&](ptrdiff_t k) __attribute__((always_inline)) {
    // Rows in registers and a column at a time: with 16 registers the other way round spills.
    Vec v[R];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) v[r] = set1(row[r][k]);
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      const Vec column = load(w + c * kLanes);
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) sums[r][c] = fma(v[r], column, sums[r][c]);
    }
    w += kGroup;
  };
  ptrdiff_t k = 0;
  for (; k + kBetweenFetches <= count; k += kBetweenFetches) {
#pragma GCC unroll 4
    for (ptrdiff_t i = 0; i < kBetweenFetches; ++i) term(k + i);
    fetch.next();
    fetch.next();
  }
  for (; k < count; ++k) term(k);
}

/// Rows [b, b + R) of step t. `previous` is the step before in running order, or -1. `ahead`: where the next tile reads
/// its input.
template <int R>
void forward_tile(const Forward& a, ptrdiff_t t, ptrdiff_t previous, ptrdiff_t b, const float* ahead) {
  const ptrdiff_t groups = groups_of(a.hidden);
  const float* x = a.x + t * a.x_step + b * a.x_row;
  float* y = a.y + t * a.y_step + b * a.y_row;
  const float* w = a.weights;
  const ptrdiff_t ahead_lines = lines(lines(R * a.inputs) / groups * kLine + 1);
  for (ptrdiff_t g = 0; g < groups; ++g) {
    const ptrdiff_t at = (a.gates ? t * groups + g : g) * a.rows + b;
    const ptrdiff_t before = (a.gates ? previous * groups + g : g) * a.rows + b;
    // The next tile's: a cache miss here takes as long as a third of a small tile.
    const bool same_rows = g + 1 < groups;
    const ptrdiff_t next = same_rows ? at + a.rows : at - (groups - 1) * a.rows + R;
    Fetch<> fetch;
    if (a.gates) fetch.add(a.gates + next * kGroup, kLine, lines(R * kGroup));
    fetch.add(a.cells + next * kLanes, kLine, lines(R * kLanes));
    fetch.add(same_rows ? y + (g + 1) * kLanes : y + R * a.y_row, a.y_row, R);
    fetch.add(ahead + g * ahead_lines * kLine, kLine, ahead_lines);
    Vec sums[R][4];
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      for (int gate = 0; gate < 4; ++gate) sums[r][gate] = load(w + gate * kLanes);
    }
    w += kGroup;
    accumulate_forward<R>(sums, x, a.x_row, a.inputs, w, fetch);
    if (previous >= 0) {
      accumulate_forward<R>(sums, a.y + previous * a.y_step + b * a.y_row, a.y_row, a.hidden, w, fetch);
    } else {
      w += a.hidden * kGroup;
    }
    const ptrdiff_t lanes = lanes_in(a.hidden, g);
    const auto put_hidden = [&](int r, Vec h) __attribute__((always_inline)) {
      if (lanes == kLanes) {
        store(y + r * a.y_row + g * kLanes, h);
      } else {
        store_some(y + r * a.y_row + g * kLanes, h, lanes);
      }
    };
    // A row's cell is squashed together with the next row's gates: five chains at a time.
    Vec cell, output;
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      Vec z[5] = {sums[r][0], sums[r][1], sums[r][3], sums[r][2], r > 0 ? add(cell, cell) : sums[r][2]};
      activate<3>(z);
      if (r > 0) put_hidden(r - 1, mul(output, z[4]));
      output = z[2];
      cell = mul(z[0], z[3]);
      if (previous >= 0) cell = fma(z[1], load(a.cells + (before + r) * kLanes), cell);
      store(a.cells + (at + r) * kLanes, cell);
      if (a.gates) {
        float* gates = a.gates + (at + r) * kGroup;
        store(gates, z[0]);
        store(gates + kLanes, z[1]);
        store(gates + 2 * kLanes, z[3]);
        store(gates + 3 * kLanes, z[2]);
      }
    }
    Vec last[1] = {add(cell, cell)};
    activate<0>(last);
    put_hidden(R - 1, mul(output, last[0]));
  }
}

using ForwardTile = void (*)(const Forward&, ptrdiff_t, ptrdiff_t, ptrdiff_t, const float*);

void forward(const Forward& a) {
#if defined(__AVX512F__)
  constexpr ForwardTile tile[] = {nullptr,         forward_tile<1>, forward_tile<2>, forward_tile<3>,
                                  forward_tile<4>, forward_tile<5>, forward_tile<6>};
#else
  constexpr ForwardTile tile[] = {nullptr, forward_tile<1>, forward_tile<2>, forward_tile<3>};
#endif
  const Tiles tiles(a.row_end - a.row_begin, kForwardRows);
  for (ptrdiff_t s = 0; s < a.steps; ++s) {
    const ptrdiff_t t = a.reverse ? a.steps - 1 - s : s;
    const ptrdiff_t previous = s == 0 ? -1 : a.reverse ? t + 1 : t - 1;
    const ptrdiff_t next = s + 1 == a.steps ? t : a.reverse ? t - 1 : t + 1;
    ptrdiff_t b = a.row_begin;
    for (ptrdiff_t i = 0; i < tiles.number; ++i) {
      const ptrdiff_t after = b + tiles.size(i);
      const float* ahead =
          after < a.row_end ? a.x + t * a.x_step + after * a.x_row : a.x + next * a.x_step + a.row_begin * a.x_row;
      tile[tiles.size(i)](a, t, previous, b, ahead);
      b = after;
    }
  }
}

}  // namespace
