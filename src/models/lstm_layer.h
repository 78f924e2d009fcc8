#pragma once
#include <ATen/core/Tensor.h>

namespace moola::models {

/// One direction of one layer, in PyTorch's order and meaning: rows i, f, g, o of H each; the two biases are added.
struct LstmWeights {
  at::Tensor w_ih;  ///< (4H, I)
  at::Tensor w_hh;  ///< (4H, H)
  at::Tensor b_ih;  ///< (4H)
  at::Tensor b_hh;  ///< (4H)
};

/// y (T, N, 2H) of x (T, N, I), time-major, initial states zero: `forward` in [..., :H], `backward`, which runs from
/// the last step to the first, in [..., H:]. Differentiable once in x and all weights.
///
/// On the CPU in fp32 through our own kernels (lstm_kernel.h), else (double, CUDA: cuDNN) through at::lstm. CPU results
/// have the same bits for the same values and sizes, whatever the number of threads; a row's result does not depend on
/// the other rows. Cost 16 T N H (I + H) flops forward and twice that backward; with a gradient it keeps 5/4 of the (T,
/// N, 8H) gates until the backward pass has run, in memory that is kept for the next call (see release_lstm_memory).
/// Backward consumes what forward kept: a second backward through the same graph throws std::runtime_error
/// (c10::Error), as does a wrong shape or a mixture of types and devices.
at::Tensor bidirectional_lstm_layer(const at::Tensor& x, const LstmWeights& forward, const LstmWeights& backward);

/// y (T, N, H): the same with one direction, from the first step to the last.
at::Tensor lstm_layer(const at::Tensor& x, const LstmWeights& weights);

/// Gives the memory kept between calls back to the system: after training, before something else needs it.
void release_lstm_memory();

}  // namespace moola::models
