#pragma once
#include <stddef.h>

#include "base/isa.h"

/// The recurrent arithmetic of one direction of one LSTM layer in fp32, without Torch: forward over all steps, backward
/// over all steps, weight gradients. Fast when `hidden` is a multiple of 16, correct for any size >= 1.
///
/// A unit group is `lanes` neighbouring hidden units (16, 8 or 4 by instruction set); a group row is its i, f, g, o,
/// each `lanes` floats. Saved activations lie as (steps, groups, rows, 4, lanes): a forward tile writes them in one
/// piece, the backward recurrence reads a row tile with constant strides, and the weight gradient finds its panels
/// already packed.
///
/// Results are a pure function of the arguments: every row is summed in an order that depends on neither the tile nor
/// the row range it falls in, and the weight gradient is cut by output, never by sum. Different instruction sets differ
/// by rounding. NaN propagates. No std header with inline functions is allowed here: this file is compiled for three
/// instruction sets, and the linker would merge them.
namespace moola::models::lstm_kernel {

struct Forward {
  ptrdiff_t steps, rows, inputs, hidden;
  ptrdiff_t row_begin, row_end;  ///< rows this call works on; the others may be in another thread
  bool reverse;                  ///< runs from the last step to the first
  const float* x;                ///< x[t * x_step + b * x_row + i]
  ptrdiff_t x_step, x_row;
  float* y;  ///< y[t * y_step + b * y_row + h]: the hidden states, read back as the recurrence
  ptrdiff_t y_step, y_row;
  const float* weights;  ///< from `pack_forward`
  float* gates;          ///< (steps, groups, rows, 4, lanes), or null when there will be no backward
  float* cells;          ///< (steps, groups, rows, lanes); one step of it is enough when `gates` is null
};

struct Backward {
  ptrdiff_t steps, rows, inputs, hidden;
  ptrdiff_t row_begin, row_end;
  bool reverse;
  const float* dy;  ///< dy[t * dy_step + b * dy_row + h]
  ptrdiff_t dy_step, dy_row;
  const float* weights;  ///< from `pack_backward`
  float* gates;          ///< in: activations; out: gradients before the activation, in the same place
  const float* cells;
  float* cell_gradient;  ///< (groups, rows, lanes), scratch
  float* dx;             ///< dx[t * dx_step + b * dx_row + i], or null
  ptrdiff_t dx_step, dx_row;
  bool accumulate;  ///< adds to dx: the second direction
};

struct WeightGradient {
  ptrdiff_t steps, rows, inputs, hidden;
  ptrdiff_t group_begin, group_end;  ///< unit groups this call works on
  bool reverse;
  const float* x;
  ptrdiff_t x_step, x_row;
  const float* y;
  ptrdiff_t y_step, y_row;
  const float* gates;  ///< gradients, as `Backward` left them
  float* sums;         ///< (groups, inputs + hidden + 1, 4, lanes), scratch
  float* w_ih;         ///< (4 hidden, inputs), overwritten
  float* w_hh;         ///< (4 hidden, hidden)
  float* bias;         ///< (4 hidden)
};

/// One instruction set's code. All weights are in PyTorch's order and meaning: rows i, f, g, o of `hidden` each.
struct Kernels {
  const char* name;
  ptrdiff_t lanes;
  /// `out` holds packed_forward_floats; `b_ih` and `b_hh` are added.
  void (*pack_forward)(const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh, ptrdiff_t inputs,
                       ptrdiff_t hidden, float* out);
  /// `out` holds packed_backward_floats; `w_ih` is null when dx is not wanted.
  void (*pack_backward)(const float* w_ih, const float* w_hh, ptrdiff_t inputs, ptrdiff_t hidden, float* out);
  void (*forward)(const Forward&);
  void (*backward)(const Backward&);
  void (*weight_gradient)(const WeightGradient&);

  constexpr ptrdiff_t groups(ptrdiff_t width) const { return (width + lanes - 1) / lanes; }
  constexpr ptrdiff_t packed_forward_floats(ptrdiff_t inputs, ptrdiff_t hidden) const {
    return groups(hidden) * (1 + inputs + hidden) * 4 * lanes;
  }
  constexpr ptrdiff_t packed_backward_floats(ptrdiff_t inputs, ptrdiff_t hidden) const {
    return (groups(hidden) + groups(inputs)) * lanes * 4 * hidden;
  }
  constexpr ptrdiff_t gate_floats(ptrdiff_t steps, ptrdiff_t rows, ptrdiff_t hidden) const {
    return steps * groups(hidden) * rows * 4 * lanes;
  }
  constexpr ptrdiff_t cell_floats(ptrdiff_t steps, ptrdiff_t rows, ptrdiff_t hidden) const {
    return steps * groups(hidden) * rows * lanes;
  }
  constexpr ptrdiff_t sum_floats(ptrdiff_t inputs, ptrdiff_t hidden) const {
    return groups(hidden) * (inputs + hidden + 1) * 4 * lanes;
  }
};

extern const Kernels v2, v3, v4;

const Kernels& kernels(Isa isa);

/// Those of isa().
const Kernels& kernels();

}  // namespace moola::models::lstm_kernel
