#include "models/dropout_layer.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "models/workspace.h"

namespace moola::models {
namespace {

using at::Tensor;

Tensor masked(const Tensor& x, double p, std::span<const DropoutKey> keys) {
  Tensor y = pooled_empty(x.sizes());
  const auto count = static_cast<std::size_t>(x.numel());
  apply_dropout({x.const_data_ptr<float>(), count}, {y.mutable_data_ptr<float>(), count},
                static_cast<std::size_t>(x.size(2)), p, keys);
  return y;
}

/// Keys as bytes: what a graph node can hold.
Tensor as_bytes(std::span<const DropoutKey> keys) {
  const auto bytes = at::empty({static_cast<std::int64_t>(keys.size_bytes())}, at::kByte);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(keys.data()), keys.size_bytes(),
              bytes.mutable_data_ptr<std::uint8_t>());
  return bytes;
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x, double p,
                        std::span<const DropoutKey> keys) {
    ctx->saved_data["p"] = p;
    ctx->saved_data["keys"] = as_bytes(keys);
    return masked(x, p, keys);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list outputs) {
    const Tensor bytes = ctx->saved_data["keys"].toTensor();
    std::vector<DropoutKey> keys(static_cast<std::size_t>(bytes.numel()) / sizeof(DropoutKey));
    std::copy_n(bytes.const_data_ptr<std::uint8_t>(), bytes.numel(), reinterpret_cast<std::uint8_t*>(keys.data()));
    return {masked(outputs[0].contiguous(), ctx->saved_data["p"].toDouble(), keys), Tensor(), Tensor()};
  }
};

}  // namespace

at::Tensor keyed_dropout_layer(const at::Tensor& x, double p, std::span<const DropoutKey> keys) {
  TORCH_CHECK(x.dim() == 3 && x.numel() > 0 && x.size(1) == static_cast<std::int64_t>(keys.size()),
              "dropout: x must be (steps, ", keys.size(), " rows, width) and not empty, but is ", x.sizes());
  if (!x.is_cpu() || x.scalar_type() != at::kFloat) return x * masked(at::ones(x.sizes()), p, keys).to(x.options());
  return DropoutFunction::apply(x.contiguous(), p, keys);
}

}  // namespace moola::models
