#pragma once
#include <ATen/ATen.h>

#include <cstdint>

namespace moola::learn {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-4;
};

/// AdamW (Loshchilov and Hutter 2019) on one flat fp32 buffer, as torch.optim.AdamW computes it.
/// Elementwise: the result does not depend on threads. The state is two more flat buffers and the number of steps.
class AdamW {
 public:
  AdamW(const at::Tensor& values, AdamWOptions options);

  /// One update of `values` (P) in place with `gradients` (P).
  void step(at::Tensor& values, const at::Tensor& gradients, double learning_rate);

  const at::Tensor& first_moment() const { return first_; }
  const at::Tensor& second_moment() const { return second_; }
  std::int64_t steps() const { return steps_; }
  /// Goes on from a checkpoint; both tensors (P), anywhere.
  void restore(const at::Tensor& first, const at::Tensor& second, std::int64_t steps);

 private:
  AdamWOptions options_;
  at::Tensor first_, second_;
  std::int64_t steps_ = 0;
};

/// Scales `gradients` (P) down to the Euclidean norm `limit` when they are longer; `limit` 0 leaves them. Returns the
/// norm before. Summed in double in blocks of a fixed size, so that the norm is the same bits on any number of threads
/// of one processor.
double clip_by_global_norm(at::Tensor& gradients, double limit);

}  // namespace moola::learn
