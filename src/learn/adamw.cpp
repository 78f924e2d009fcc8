#include "learn/adamw.h"

#include <ATen/ops/_fused_adamw.h>

#include <cmath>

namespace moola::learn {

AdamW::AdamW(const at::Tensor& values, AdamWOptions options)
    : options_(options), first_(at::zeros_like(values)), second_(at::zeros_like(values)) {}

void AdamW::step(at::Tensor& values, const at::Tensor& gradients, double learning_rate) {
  ++steps_;
  const at::Tensor steps = at::full({}, static_cast<double>(steps_), values.options());
  at::_fused_adamw_({values}, {gradients}, {first_}, {second_}, {}, {steps}, learning_rate, options_.beta1,
                    options_.beta2, options_.weight_decay, options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void AdamW::restore(const at::Tensor& first, const at::Tensor& second, std::int64_t steps) {
  first_.copy_(first);
  second_.copy_(second);
  steps_ = steps;
}

double clip_by_global_norm(at::Tensor& gradients, double limit) {
  // Row sums first: one thread sums each row whole, and the few row sums are added in one order.
  static constexpr std::int64_t kBlock = 4096;
  const std::int64_t whole = gradients.numel() / kBlock * kBlock;
  const at::Tensor squares = gradients.to(at::kDouble, /*non_blocking=*/false, /*copy=*/true).square_();
  double sum = squares.narrow(0, whole, gradients.numel() - whole).sum().item<double>();
  if (whole > 0) {
    const at::Tensor rows = squares.narrow(0, 0, whole).view({-1, kBlock}).sum(1).cpu();
    const double* row = rows.const_data_ptr<double>();
    for (std::int64_t i = 0; i < rows.numel(); ++i) sum += row[i];
  }
  const double norm = std::sqrt(sum);
  if (limit > 0 && norm > limit) gradients.mul_(limit / norm);
  return norm;
}

}  // namespace moola::learn
