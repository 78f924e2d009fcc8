#pragma once
// The gradients of one instruction set; included once by each lstm_kernel_v*.cpp after lstm_kernel_impl.h.
#include "models/lstm_kernel_impl.h"

namespace {

/// sums[r][c] += gate gradients of R rows, a group row apart, times w: (4 hidden, C lane groups).
template <int R, int C>
MOOLA_INLINE void accumulate_backward(Vec (&sums)[R][C], const float* gates, ptrdiff_t group_stride, ptrdiff_t hidden,
                                      const float* w, Fetch<>& fetch) {
  const auto term = [&](const float* p) __attribute__((always_inline)) {
    Vec columns[C];
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) columns[c] = load(w + c * kLanes);
    w += C * kLanes;
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec v = set1(p[r * kGroup]);
#pragma GCC unroll 2
      for (int c = 0; c < C; ++c) sums[r][c] = fma(v, columns[c], sums[r][c]);
    }
  };
  for (ptrdiff_t g = 0; g < groups_of(hidden); ++g, gates += group_stride) {
    const ptrdiff_t lanes = lanes_in(hidden, g);
    if (lanes == kLanes) {
      for (ptrdiff_t k = 0; k < kGroup; k += kBetweenFetches) {
#pragma GCC unroll 4
        for (ptrdiff_t i = 0; i < kBetweenFetches; ++i) term(gates + k + i);
        fetch.next();
        fetch.next();
      }
    } else {
      for (ptrdiff_t gate = 0; gate < 4; ++gate) {
        for (ptrdiff_t k = 0; k < lanes; ++k) term(gates + gate * kLanes + k);
      }
    }
  }
}

/// The gradient of one group row: replaces the activations by their gradients and carries the cell's to the step
/// before. `last` is the step the backward pass starts with: nothing comes from its future. `origin` is the one with no
/// past.
MOOLA_INLINE void gate_gradient(const Backward& a, Vec dh, Vec squashed, ptrdiff_t at, ptrdiff_t before,
                                ptrdiff_t carry, bool last, bool origin) {
  float* gates = a.gates + at * kGroup;
  const Vec one = set1(1.0f);
  const Vec input = load(gates), forget = load(gates + kLanes);
  const Vec candidate = load(gates + 2 * kLanes), output = load(gates + 3 * kLanes);
  Vec dc = mul(mul(dh, output), fnma(squashed, squashed, one));
  if (!last) dc = add(dc, load(a.cell_gradient + carry * kLanes));
  store(a.cell_gradient + carry * kLanes, mul(dc, forget));
  const Vec cell_before = origin ? set1(0.0f) : load(a.cells + before * kLanes);
  store(gates, mul(mul(dc, candidate), mul(input, sub(one, input))));
  store(gates + kLanes, mul(mul(dc, cell_before), mul(forget, sub(one, forget))));
  store(gates + 2 * kLanes, mul(mul(dc, input), fnma(candidate, candidate, one)));
  store(gates + 3 * kLanes, mul(mul(dh, squashed), mul(output, sub(one, output))));
}

struct Moment {
  ptrdiff_t now, before, after;  // steps in running order; -1 where there is none
};

/// Rows [b, b + R), lane groups [g, g + C) of the hidden gradient at one step.
template <int R, int C>
MOOLA_INLINE void hidden_tile(const Backward& a, const Moment& m, ptrdiff_t b, ptrdiff_t g, const float* w) {
  const ptrdiff_t groups = groups_of(a.hidden);
  const float* dy = a.dy + m.now * a.dy_step + b * a.dy_row + g * kLanes;
  Fetch<> fetch;
  const bool same_rows = g + C < groups;
  for (int c = 0; c < C; ++c) {
    fetch.add((same_rows ? dy + C * kLanes : dy + R * a.dy_row - g * kLanes) + c * kLanes, a.dy_row, R);
    fetch.add(a.gates + ((m.now * groups + g + c) * a.rows + b) * kGroup, kLine, lines(R * kGroup));
    if (m.before >= 0)
      fetch.add(a.cells + ((m.before * groups + g + c) * a.rows + b) * kLanes, kLine, lines(R * kLanes));
  }
  Vec sums[R][C];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      const ptrdiff_t lanes = lanes_in(a.hidden, g + c);
      const float* p = dy + r * a.dy_row + c * kLanes;
      sums[r][c] = lanes == kLanes ? load(p) : load_some(p, lanes);
    }
  }
  if (m.after >= 0) {
    accumulate_backward<R, C>(sums, a.gates + (m.after * groups * a.rows + b) * kGroup, a.rows * kGroup, a.hidden, w,
                              fetch);
  }
#pragma GCC unroll 2
  for (int c = 0; c < C; ++c) {
    const ptrdiff_t row = (g + c) * a.rows + b;
    const auto finish = [&]<int N>(Vec(&squashed)[N], int first) __attribute__((always_inline)) {
      const ptrdiff_t now = m.now * groups * a.rows + row + first, before = m.before * groups * a.rows + row + first;
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) {
        const Vec cell = load(a.cells + (now + i) * kLanes);
        squashed[i] = add(cell, cell);
      }
      activate<0>(squashed);
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) {
        gate_gradient(a, sums[first + i][c], squashed[i], now + i, before + i, row + first + i, m.after < 0,
                      m.before < 0);
      }
    };
    constexpr int kFours = R / 4, kRest = R % 4;
#pragma GCC unroll 3
    for (int i = 0; i < kFours; ++i) {
      Vec squashed[4];
      finish(squashed, 4 * i);
    }
    if constexpr (kRest > 0) {
      Vec squashed[kRest];
      finish(squashed, 4 * kFours);
    }
  }
}

/// Rows [b, b + R), lane groups [g, g + C) of the input gradient at step t.
template <int R, int C>
MOOLA_INLINE void input_tile(const Backward& a, ptrdiff_t t, ptrdiff_t b, ptrdiff_t g, const float* w) {
  float* dx = a.dx + t * a.dx_step + b * a.dx_row + g * kLanes;
  Fetch<> fetch;
  for (int c = 0; c < C; ++c) fetch.add(dx + c * kLanes, a.dx_row, R);
  Vec sums[R][C];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    for (int c = 0; c < C; ++c) sums[r][c] = set1(0.0f);
  }
  accumulate_backward<R, C>(sums, a.gates + (t * groups_of(a.hidden) * a.rows + b) * kGroup, a.rows * kGroup, a.hidden,
                            w, fetch);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < C; ++c) {
      const ptrdiff_t lanes = lanes_in(a.inputs, g + c);
      float* p = dx + r * a.dx_row + c * kLanes;
      if (lanes == kLanes) {
        store(p, a.accumulate ? add(sums[r][c], load(p)) : sums[r][c]);
      } else {
        store_some(p, a.accumulate ? add(sums[r][c], load_some(p, lanes)) : sums[r][c], lanes);
      }
    }
  }
}

/// One step for rows [b, b + R): the hidden gradient of `now`, and the input gradient of `after`, which reads the same
/// gate gradients while they are near. `now` = -1 does the latter only.
template <int R>
void backward_tile(const Backward& a, const Moment& m, ptrdiff_t b) {
  const ptrdiff_t groups = groups_of(a.hidden), panel = 4 * a.hidden * kLanes;
  ptrdiff_t g = 0;
  if (m.now >= 0) {
    for (; g + 2 <= groups; g += 2) hidden_tile<R, 2>(a, m, b, g, a.weights + g * panel);
    if (g < groups) hidden_tile<R, 1>(a, m, b, g, a.weights + g * panel);
  }
  if (!a.dx || m.after < 0) return;
  const float* w = a.weights + groups * panel;
  const ptrdiff_t input_groups = groups_of(a.inputs);
  for (g = 0; g + 2 <= input_groups; g += 2) input_tile<R, 2>(a, m.after, b, g, w + g * panel);
  if (g < input_groups) input_tile<R, 1>(a, m.after, b, g, w + g * panel);
}

void backward(const Backward& a) {
  using Tile = void (*)(const Backward&, const Moment&, ptrdiff_t);
  constexpr Tile tile[] = {
    nullptr,
    backward_tile<1>,
    backward_tile<2>,
    backward_tile<3>,
    backward_tile<4>,
#if defined(__AVX2__)
    backward_tile<5>,
    backward_tile<6>,
#endif
#if defined(__AVX512F__)
    backward_tile<7>,
    backward_tile<8>,
    backward_tile<9>,
    backward_tile<10>,
    backward_tile<11>,
    backward_tile<12>,
#endif
  };
  const Tiles tiles(a.row_end - a.row_begin, kBackwardRows);
  for (ptrdiff_t s = a.steps - 1; s >= -1; --s) {
    const auto step = [&](ptrdiff_t order) {
      return order < 0 || order >= a.steps ? -1 : a.reverse ? a.steps - 1 - order : order;
    };
    const Moment moment{step(s), step(s - 1), step(s + 1)};
    ptrdiff_t b = a.row_begin;
    for (ptrdiff_t i = 0; i < tiles.number; ++i) {
      tile[tiles.size(i)](a, moment, b);
      b += tiles.size(i);
    }
  }
}

/// Part of the batch whose gate gradients of one group (kDepth rows) stay in the first-level cache.
struct Chunk {
  ptrdiff_t step_begin, step_end, row_begin, row_end;
};
constexpr ptrdiff_t kDepth = 128;

/// What a group's tiles fetch meanwhile, each its part: the gate gradients of the next group, and the rows of the next
/// chunk.
struct Ahead {
  const float* gates;
  ptrdiff_t gate_lines;  // of each tile
  const float *x, *y;    // rows of the next chunk, from the first that belongs to this group; null at the end
  ptrdiff_t rows, tile;  // tile: how many have been, so that each takes its own
};

/// One operand of the sums: z[t * step + b * row + column].
struct Columns {
  const float* z;
  ptrdiff_t step, row, count;
};

/// sums (columns, 4, lanes) of R columns += sum over the chunk of z[row][column] * gate gradients of group g.
template <int R>
void gradient_tile(const WeightGradient& a, const Chunk& chunk, ptrdiff_t g, const Columns& columns, Ahead& ahead,
                   bool fresh, float* out) {
  Fetch<_MM_HINT_T1> fetch;  // to the second level: the first holds this group's
  if (ahead.gates) fetch.add(ahead.gates + ahead.tile * ahead.gate_lines * kLine, kLine, ahead.gate_lines);
  if (ahead.x && ahead.tile < ahead.rows) {
    fetch.add(ahead.x + ahead.tile * a.x_row, kLine, lines(a.inputs));
    fetch.add(ahead.y + ahead.tile * a.y_row, kLine, lines(a.hidden));
  }
  ++ahead.tile;
  Vec sums[R][4];
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) sums[r][c] = fresh ? set1(0.0f) : load(out + r * kGroup + c * kLanes);
  }
  for (ptrdiff_t t = chunk.step_begin; t < chunk.step_end; ++t) {
    const float* gates = a.gates + ((t * groups_of(a.hidden) + g) * a.rows + chunk.row_begin) * kGroup;
    const float* row = columns.z + t * columns.step + chunk.row_begin * columns.row;
    const auto term = [&]() __attribute__((always_inline)) {
      // Rows in registers and a column at a time: with 16 registers the other way round spills.
      Vec v[R];
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) v[r] = set1(row[r]);
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const Vec w = load(gates + c * kLanes);
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) sums[r][c] = fma(v[r], w, sums[r][c]);
      }
      gates += kGroup;
      row += columns.row;
    };
    ptrdiff_t k = chunk.row_begin;
    for (; k + kBetweenFetches <= chunk.row_end; k += kBetweenFetches) {
#pragma GCC unroll 4
      for (ptrdiff_t i = 0; i < kBetweenFetches; ++i) term();
      fetch.next();
    }
    for (; k < chunk.row_end; ++k) term();
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) store(out + r * kGroup + c * kLanes, sums[r][c]);
  }
}

void gradient_columns(const WeightGradient& a, const Chunk& chunk, ptrdiff_t g, const Columns& columns, Ahead& ahead,
                      bool fresh, float* out) {
  using Tile = void (*)(const WeightGradient&, const Chunk&, ptrdiff_t, const Columns&, Ahead&, bool, float*);
#if defined(__AVX512F__)
  constexpr Tile tile[] = {nullptr,          gradient_tile<1>, gradient_tile<2>, gradient_tile<3>,
                           gradient_tile<4>, gradient_tile<5>, gradient_tile<6>};
#else
  constexpr Tile tile[] = {nullptr, gradient_tile<1>, gradient_tile<2>, gradient_tile<3>};
#endif
  const Tiles tiles(columns.count, kGradientColumns);
  Columns part = columns;
  for (ptrdiff_t i = 0; i < tiles.number; ++i) {
    tile[tiles.size(i)](a, chunk, g, part, ahead, fresh, out);
    part.z += tiles.size(i);
    out += tiles.size(i) * kGroup;
  }
}

void bias_column(const WeightGradient& a, const Chunk& chunk, ptrdiff_t g, bool fresh, float* out) {
  Vec sums[4];
  for (int c = 0; c < 4; ++c) sums[c] = fresh ? set1(0.0f) : load(out + c * kLanes);
  for (ptrdiff_t t = chunk.step_begin; t < chunk.step_end; ++t) {
    const float* gates = a.gates + ((t * groups_of(a.hidden) + g) * a.rows + chunk.row_begin) * kGroup;
    for (ptrdiff_t k = chunk.row_begin; k < chunk.row_end; ++k, gates += kGroup) {
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) sums[c] = add(sums[c], load(gates + c * kLanes));
    }
  }
  for (int c = 0; c < 4; ++c) store(out + c * kLanes, sums[c]);
}

/// From (columns, 4, lanes) of group g to PyTorch's rows.
void unpack_gradient(const WeightGradient& a, ptrdiff_t g, const float* sums) {
  for (ptrdiff_t gate = 0; gate < 4; ++gate) {
    for (ptrdiff_t lane = 0; lane < lanes_in(a.hidden, g); ++lane) {
      const ptrdiff_t row = gate * a.hidden + g * kLanes + lane;
      const float* p = sums + gate * kLanes + lane;
      for (ptrdiff_t i = 0; i < a.inputs; ++i, p += kGroup) a.w_ih[row * a.inputs + i] = *p;
      for (ptrdiff_t h = 0; h < a.hidden; ++h, p += kGroup) a.w_hh[row * a.hidden + h] = *p;
      a.bias[row] = *p;
    }
  }
}

void weight_gradient(const WeightGradient& a) {
  const ptrdiff_t groups = groups_of(a.hidden), columns = a.inputs + a.hidden + 1;
  const ptrdiff_t steps_each = a.rows >= kDepth ? 1 : kDepth / a.rows;
  const Tiles row_cuts(a.rows, kDepth);
  // The step without a past adds nothing to w_hh; it is first in running order.
  const ptrdiff_t origin = a.reverse ? a.steps - 1 : 0;
  const Columns input{a.x, a.x_step, a.x_row, a.inputs};
  const Columns past{a.y + (a.reverse ? a.y_step : -a.y_step), a.y_step, a.y_row, a.hidden};
  const ptrdiff_t tiles = Tiles(a.inputs, kGradientColumns).number + Tiles(a.hidden, kGradientColumns).number;
  for (ptrdiff_t t = 0; t < a.steps; t += steps_each) {
    Chunk chunk{t, t + steps_each < a.steps ? t + steps_each : a.steps, 0, 0};
    for (ptrdiff_t cut = 0; cut < row_cuts.number; ++cut) {
      chunk.row_begin = chunk.row_end;
      chunk.row_end = chunk.row_begin + row_cuts.size(cut);
      Chunk recurrent = chunk;
      if (origin == chunk.step_begin) ++recurrent.step_begin;
      if (origin == chunk.step_end - 1 && recurrent.step_begin < recurrent.step_end) --recurrent.step_end;
      const bool fresh = t == 0 && cut == 0;
      const ptrdiff_t rows = chunk.row_end - chunk.row_begin;
      const bool last_cut = cut + 1 == row_cuts.number, end = last_cut && chunk.step_end == a.steps;
      const ptrdiff_t next_t = last_cut ? chunk.step_end : t, next_row = last_cut ? 0 : chunk.row_end;
      for (ptrdiff_t g = a.group_begin; g < a.group_end; ++g) {
        const ptrdiff_t part = (rows + a.group_end - a.group_begin - 1) / (a.group_end - a.group_begin);
        const ptrdiff_t first = next_row + (g - a.group_begin) * part;
        const bool same_chunk = g + 1 < a.group_end;
        Ahead ahead{nullptr, (rows * kGroup / kLine + tiles - 1) / tiles, nullptr, nullptr, part, 0};
        if (same_chunk) {
          ahead.gates = a.gates + ((t * groups + g + 1) * a.rows + chunk.row_begin) * kGroup;
        } else if (!end) {
          ahead.gates = a.gates + ((next_t * groups + a.group_begin) * a.rows + next_row) * kGroup;
        }
        if (!end) {
          ahead.x = a.x + next_t * a.x_step + first * a.x_row;
          ahead.y = a.y + next_t * a.y_step + first * a.y_row;
        }
        float* sums = a.sums + g * columns * kGroup;
        gradient_columns(a, chunk, g, input, ahead, fresh, sums);
        gradient_columns(a, recurrent, g, past, ahead, fresh, sums + a.inputs * kGroup);
        bias_column(a, chunk, g, fresh, sums + (a.inputs + a.hidden) * kGroup);
      }
    }
  }
  for (ptrdiff_t g = a.group_begin; g < a.group_end; ++g) unpack_gradient(a, g, a.sums + g * columns * kGroup);
}

}  // namespace
