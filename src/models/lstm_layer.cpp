#include "models/lstm_layer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "models/lstm_kernel.h"
#include "models/workspace.h"

namespace moola::models {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct Sizes {
  std::int64_t steps, rows, inputs, hidden, directions;
};

constexpr std::size_t kPerDirection = 4;  // weights
constexpr std::int64_t kLeastRows = 12;   // below this a thread's tile is not full

/// `weights`: w_ih, w_hh, b_ih, b_hh of each direction.
Sizes sizes_of(const Tensor& x, at::TensorList weights) {
  return {.steps = x.size(0),
          .rows = x.size(1),
          .inputs = x.size(2),
          .hidden = weights[1].size(1),
          .directions = static_cast<std::int64_t>(weights.size() / kPerDirection)};
}

struct Saved {
  std::vector<Tensor> gates, cells;
};

Tensor run_forward(const Tensor& x, at::TensorList weights, Saved* saved) {
  const auto& kernel = lstm_kernel::kernels();
  const Sizes s = sizes_of(x, weights);
  Tensor y = pooled_empty({s.steps, s.rows, s.directions * s.hidden});
  std::vector<lstm_kernel::Forward> jobs;
  std::vector<Tensor> scratch;
  for (std::int64_t d = 0; d < s.directions; ++d) {
    const auto* w = weights.data() + d * kPerDirection;
    const Tensor packed = pooled_empty({kernel.packed_forward_floats(s.inputs, s.hidden)});
    kernel.pack_forward(w[0].const_data_ptr<float>(), w[1].const_data_ptr<float>(), w[2].const_data_ptr<float>(),
                        w[3].const_data_ptr<float>(), s.inputs, s.hidden, packed.mutable_data_ptr<float>());
    const Tensor cells = pooled_empty({kernel.cell_floats(saved ? s.steps : 1, s.rows, s.hidden)});
    Tensor gates;
    if (saved) {
      gates = pooled_empty({kernel.gate_floats(s.steps, s.rows, s.hidden)});
      saved->gates.push_back(gates);
      saved->cells.push_back(cells);
    }
    jobs.push_back({.steps = s.steps,
                    .rows = s.rows,
                    .inputs = s.inputs,
                    .hidden = s.hidden,
                    .row_begin = 0,
                    .row_end = s.rows,
                    .reverse = d == 1,
                    .x = x.const_data_ptr<float>(),
                    .x_step = s.rows * s.inputs,
                    .x_row = s.inputs,
                    .y = y.mutable_data_ptr<float>() + d * s.hidden,
                    .y_step = s.rows * s.directions * s.hidden,
                    .y_row = s.directions * s.hidden,
                    .weights = packed.const_data_ptr<float>(),
                    .gates = saved ? gates.mutable_data_ptr<float>() : nullptr,
                    .cells = cells.mutable_data_ptr<float>()});
    scratch.push_back(packed);
    scratch.push_back(cells);
  }
  at::parallel_for(0, s.rows, kLeastRows, [&](std::int64_t begin, std::int64_t end) {
    for (auto job : jobs) {
      job.row_begin = begin;
      job.row_end = end;
      kernel.forward(job);
    }
  });
  return y;
}

/// Gradients of x (undefined unless `wants_x`) and of the weights; overwrites the saved gates.
tensor_list run_backward(const Tensor& dy, const Tensor& x, const Tensor& y, at::TensorList weights, const Saved& saved,
                         bool wants_x) {
  const auto& kernel = lstm_kernel::kernels();
  const Sizes s = sizes_of(x, weights);
  const Tensor dx = wants_x ? pooled_empty({s.steps, s.rows, s.inputs}) : Tensor();
  std::vector<lstm_kernel::Backward> jobs;
  std::vector<lstm_kernel::WeightGradient> weight_jobs;
  std::vector<Tensor> scratch;
  tensor_list gradients{dx};
  for (std::int64_t d = 0; d < s.directions; ++d) {
    const auto* w = weights.data() + d * kPerDirection;
    const Tensor packed = pooled_empty({kernel.packed_backward_floats(s.inputs, s.hidden)});
    kernel.pack_backward(wants_x ? w[0].const_data_ptr<float>() : nullptr, w[1].const_data_ptr<float>(), s.inputs,
                         s.hidden, packed.mutable_data_ptr<float>());
    const Tensor cell_gradient = pooled_empty({kernel.cell_floats(1, s.rows, s.hidden)});
    jobs.push_back({.steps = s.steps,
                    .rows = s.rows,
                    .inputs = s.inputs,
                    .hidden = s.hidden,
                    .row_begin = 0,
                    .row_end = s.rows,
                    .reverse = d == 1,
                    .dy = dy.const_data_ptr<float>() + d * s.hidden,
                    .dy_step = s.rows * s.directions * s.hidden,
                    .dy_row = s.directions * s.hidden,
                    .weights = packed.const_data_ptr<float>(),
                    .gates = saved.gates[d].mutable_data_ptr<float>(),
                    .cells = saved.cells[d].const_data_ptr<float>(),
                    .cell_gradient = cell_gradient.mutable_data_ptr<float>(),
                    .dx = wants_x ? dx.mutable_data_ptr<float>() : nullptr,
                    .dx_step = s.rows * s.inputs,
                    .dx_row = s.inputs,
                    .accumulate = d == 1});
    const Tensor sums = pooled_empty({kernel.sum_floats(s.inputs, s.hidden)});
    const Tensor dw_ih = at::empty_like(w[0]), dw_hh = at::empty_like(w[1]), bias = at::empty_like(w[2]);
    weight_jobs.push_back({.steps = s.steps,
                           .rows = s.rows,
                           .inputs = s.inputs,
                           .hidden = s.hidden,
                           .group_begin = 0,
                           .group_end = kernel.groups(s.hidden),
                           .reverse = d == 1,
                           .x = x.const_data_ptr<float>(),
                           .x_step = s.rows * s.inputs,
                           .x_row = s.inputs,
                           .y = y.const_data_ptr<float>() + d * s.hidden,
                           .y_step = s.rows * s.directions * s.hidden,
                           .y_row = s.directions * s.hidden,
                           .gates = saved.gates[d].const_data_ptr<float>(),
                           .sums = sums.mutable_data_ptr<float>(),
                           .w_ih = dw_ih.mutable_data_ptr<float>(),
                           .w_hh = dw_hh.mutable_data_ptr<float>(),
                           .bias = bias.mutable_data_ptr<float>()});
    scratch.insert(scratch.end(), {packed, cell_gradient, sums});
    gradients.insert(gradients.end(), {dw_ih, dw_hh, bias, at::empty_like(bias)});
  }
  at::parallel_for(0, s.rows, kLeastRows, [&](std::int64_t begin, std::int64_t end) {
    for (auto job : jobs) {  // in order: the second direction adds to the first one's dx
      job.row_begin = begin;
      job.row_end = end;
      kernel.backward(job);
    }
  });
  // Cut by output, never by sum: the bits do not depend on the number of threads.
  const auto groups = kernel.groups(s.hidden);
  at::parallel_for(0, s.directions * groups, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t d = 0; d < s.directions; ++d) {
      auto job = weight_jobs[d];
      job.group_begin = std::max(begin - d * groups, std::int64_t{0});
      job.group_end = std::min(end - d * groups, groups);
      if (job.group_begin < job.group_end) kernel.weight_gradient(job);
    }
  });
  // The two biases have one gradient, but each its own memory: either may become a .grad.
  for (std::int64_t d = 0; d < s.directions; ++d) {
    gradients[1 + d * kPerDirection + 3].copy_(gradients[1 + d * kPerDirection + 2]);
  }
  return gradients;
}

class LstmFunction : public torch::autograd::Function<LstmFunction> {
 public:
  // Weights as separate arguments: autograd follows tensors, and vectors of them, but no structs.
  static Tensor forward(AutogradContext* ctx, const Tensor& x, at::TensorList weights) {
    Saved saved;
    Tensor y = run_forward(x, weights, &saved);
    tensor_list kept{x, y};
    kept.insert(kept.end(), weights.begin(), weights.end());
    kept.insert(kept.end(), saved.gates.begin(), saved.gates.end());
    kept.insert(kept.end(), saved.cells.begin(), saved.cells.end());
    ctx->save_for_backward(std::move(kept));
    ctx->saved_data["directions"] = static_cast<std::int64_t>(weights.size() / kPerDirection);
    ctx->saved_data["consumed"] = false;
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list outputs) {
    TORCH_CHECK(!ctx->saved_data["consumed"].toBool(),
                "LSTM layer: a second backward through the same graph; the first one has overwritten the saved gates. "
                "Run the forward pass again.");
    ctx->saved_data["consumed"] = true;
    const auto kept = ctx->get_saved_variables();
    const auto directions = static_cast<std::size_t>(ctx->saved_data["directions"].toInt());
    const auto weights = at::TensorList(kept).slice(2, directions * kPerDirection);
    const auto* rest = kept.data() + 2 + directions * kPerDirection;
    const Saved saved{{rest, rest + directions}, {rest + directions, rest + 2 * directions}};
    return run_backward(outputs[0].contiguous(), kept[0], kept[1], weights, saved, ctx->needs_input_grad(0));
  }
};

void check(const Tensor& x, at::TensorList weights) {
  TORCH_CHECK(x.dim() == 3 && x.numel() > 0, "LSTM layer: x must be (steps, rows, inputs) and not empty, but is ",
              x.sizes());
  const auto hidden = weights[1].dim() == 2 ? weights[1].size(1) : 0;
  for (std::size_t i = 0; i < weights.size(); i += kPerDirection) {
    const auto expect = [&](const Tensor& w, at::IntArrayRef sizes, const char* name) {
      TORCH_CHECK(w.sizes() == sizes, "LSTM layer: ", name, " must be ", sizes, " for x of ", x.sizes(), ", but is ",
                  w.sizes());
      TORCH_CHECK(w.scalar_type() == x.scalar_type() && w.device() == x.device(), "LSTM layer: ", name, " is ",
                  w.scalar_type(), " on ", w.device(), ", but x is ", x.scalar_type(), " on ", x.device());
    };
    expect(weights[i], {4 * hidden, x.size(2)}, "w_ih");
    expect(weights[i + 1], {4 * hidden, hidden}, "w_hh");
    expect(weights[i + 2], {4 * hidden}, "b_ih");
    expect(weights[i + 3], {4 * hidden}, "b_hh");
  }
}

Tensor layer(const Tensor& x, std::vector<Tensor> weights) {
  check(x, weights);
  bool differentiate = x.requires_grad();
  for (const auto& w : weights) differentiate = differentiate || w.requires_grad();
  differentiate = differentiate && at::GradMode::is_enabled();
  const bool bidirectional = weights.size() > kPerDirection;
  if (!x.is_cpu() || x.scalar_type() != at::kFloat) {
    const auto zeros = at::zeros({bidirectional ? 2 : 1, x.size(1), weights[1].size(1)}, x.options());
    // cuDNN keeps what a backward pass needs only in training.
    return std::get<0>(at::lstm(x, {zeros, zeros}, weights, /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0.0,
                                /*train=*/differentiate, bidirectional, /*batch_first=*/false));
  }
  for (auto& w : weights) w = w.contiguous();
  if (differentiate) return LstmFunction::apply(x.contiguous(), at::TensorList(weights));
  return run_forward(x.contiguous(), weights, nullptr);
}

}  // namespace

at::Tensor bidirectional_lstm_layer(const at::Tensor& x, const LstmWeights& forward, const LstmWeights& backward) {
  return layer(x, {forward.w_ih, forward.w_hh, forward.b_ih, forward.b_hh, backward.w_ih, backward.w_hh, backward.b_ih,
                   backward.b_hh});
}

at::Tensor lstm_layer(const at::Tensor& x, const LstmWeights& weights) {
  return layer(x, {weights.w_ih, weights.w_hh, weights.b_ih, weights.b_hh});
}

void release_lstm_memory() {
  release_pooled_memory();
}

}  // namespace moola::models
