#pragma once
// The LSTM kernels of one instruction set; see lstm_kernel.h for the contract. Included once by each lstm_kernel_v*.cpp.
//
// A forward tile is kForwardRows rows by one unit group: its four gates fill the registers, so the activations follow the product
// without a trip through memory, and the input's contribution is simply the first part of the sum. Weights come from the second-level
// cache (all of them are needed at every step); rows of x and h stay in the first.
#include "models/lstm_kernel.h"
#include "models/lstm_kernel_simd.h"

namespace {

using moola::models::lstm_kernel::Backward;
using moola::models::lstm_kernel::Forward;
using moola::models::lstm_kernel::Kernels;
using moola::models::lstm_kernel::WeightGradient;

constexpr ptrdiff_t kGroup = 4 * kLanes;  // floats of a group row
constexpr ptrdiff_t kAhead = 8;           // sum terms between a prefetch and its use

/// Layout (groups, 1 + inputs + hidden, 4, lanes), bias first. The sigmoid gates are negated: e^-x is what they need.
void pack_forward(const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh, ptrdiff_t inputs,
                  ptrdiff_t hidden, float* out) {
  for (ptrdiff_t g = 0; g < groups_of(hidden); ++g) {
    for (ptrdiff_t k = -1; k < inputs + hidden; ++k) {
      for (ptrdiff_t gate = 0; gate < 4; ++gate) {
        const float sign = gate == 2 ? 1.0f : -1.0f;
        for (ptrdiff_t lane = 0; lane < kLanes; ++lane) {
          const ptrdiff_t row = gate * hidden + g * kLanes + lane;
          float value = 0.0f;
          if (lane < lanes_in(hidden, g)) {
            value = k < 0 ? b_ih[row] + b_hh[row] : k < inputs ? w_ih[row * inputs + k] : w_hh[row * hidden + k - inputs];
          }
          *out++ = sign * value;
        }
      }
    }
  }
}

/// Panels of up to two lane groups of columns, first those of w_hh, then those of w_ih; inside one, (sum term, columns). Sum terms are in
/// the order of a saved gate row, without its padding.
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
                                     const float*& w) {
  const float* row[R];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) row[r] = rows + r * row_stride;
  for (ptrdiff_t k = 0; k < count; ++k) {
    const Vec w0 = load(w), w1 = load(w + kLanes), w2 = load(w + 2 * kLanes), w3 = load(w + 3 * kLanes);
    for (ptrdiff_t line = 0; line < kGroup; line += 16) prefetch(w + kAhead * kGroup + line);
    w += kGroup;
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec v = set1(row[r][k]);
      sums[r][0] = fma(v, w0, sums[r][0]);
      sums[r][1] = fma(v, w1, sums[r][1]);
      sums[r][2] = fma(v, w2, sums[r][2]);
      sums[r][3] = fma(v, w3, sums[r][3]);
    }
  }
}

/// Rows [b, b + R) of step t. `previous` is the step before in running order, or -1.
template <int R>
void forward_tile(const Forward& a, ptrdiff_t t, ptrdiff_t previous, ptrdiff_t b) {
  const ptrdiff_t groups = groups_of(a.hidden);
  const float* x = a.x + t * a.x_step + b * a.x_row;
  float* y = a.y + t * a.y_step + b * a.y_row;
  const float* w = a.weights;
  for (ptrdiff_t g = 0; g < groups; ++g) {
    Vec sums[R][4];
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      for (int gate = 0; gate < 4; ++gate) sums[r][gate] = load(w + gate * kLanes);
    }
    w += kGroup;
    accumulate_forward<R>(sums, x, a.x_row, a.inputs, w);
    if (previous >= 0) {
      accumulate_forward<R>(sums, a.y + previous * a.y_step + b * a.y_row, a.y_row, a.hidden, w);
    } else {
      w += a.hidden * kGroup;
    }
    const ptrdiff_t at = (a.gates ? t * groups + g : g) * a.rows + b;
    const ptrdiff_t before = (a.gates ? previous * groups + g : g) * a.rows + b;
    const ptrdiff_t lanes = lanes_in(a.hidden, g);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec input = sigmoid_of_negated(sums[r][0]), forget = sigmoid_of_negated(sums[r][1]);
      const Vec candidate = tanh(sums[r][2]), output = sigmoid_of_negated(sums[r][3]);
      Vec cell = mul(input, candidate);
      if (previous >= 0) cell = fma(forget, load(a.cells + (before + r) * kLanes), cell);
      const Vec h = mul(output, tanh(cell));
      store(a.cells + (at + r) * kLanes, cell);
      if (a.gates) {
        float* gates = a.gates + (at + r) * kGroup;
        store(gates, input);
        store(gates + kLanes, forget);
        store(gates + 2 * kLanes, candidate);
        store(gates + 3 * kLanes, output);
      }
      if (lanes == kLanes) {
        store(y + r * a.y_row + g * kLanes, h);
      } else {
        store_some(y + r * a.y_row + g * kLanes, h, lanes);
      }
    }
  }
}

using ForwardTile = void (*)(const Forward&, ptrdiff_t, ptrdiff_t, ptrdiff_t);

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
    ptrdiff_t b = a.row_begin;
    for (ptrdiff_t i = 0; i < tiles.number; ++i) {
      tile[tiles.size(i)](a, t, previous, b);
      b += tiles.size(i);
    }
  }
}

}  // namespace


