// One training step of the BiLSTM masked autoencoder on this library's LSTM layer: the model, loss and optimiser of
// peer.py.
//
// Two processes of one thread, each with half of the batch in leaves of 64 windows; masked and unmasked pass are
// stacked into one batch. Gradients are summed through shared memory. Prints windows per second of the best step.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <vector>

#include "base/philox.h"
#include "models/dropout_layer.h"
#include "models/lstm_layer.h"

namespace {

using at::Tensor;

constexpr std::int64_t kSteps = 105, kChannels = 4, kHidden = 128, kWidth = 2 * kHidden, kLeaf = 64, kPatch = 7;
constexpr std::int64_t kPatches = kSteps / kPatch, kMaskedPatches = 2;  // int(0.15 * 15)
constexpr std::uint64_t kSeed = 1337;

/// Parameters and their gradients as views of two flat buffers: what an all-reduce and an optimiser want.
struct Model {
  std::vector<at::DimVector> sizes;
  std::vector<Tensor> parameters;
  Tensor flat, gradient;

  Model() {
    const auto direction = [&](std::int64_t inputs) {
      for (const at::DimVector& s : {at::DimVector{4 * kHidden, inputs}, at::DimVector{4 * kHidden, kHidden},
                                     at::DimVector{4 * kHidden}, at::DimVector{4 * kHidden}}) {
        sizes.push_back(s);
      }
    };
    for (const auto inputs : {kChannels, kChannels, kWidth, kWidth}) direction(inputs);
    for (const at::DimVector& s :
         {at::DimVector{1, 1, kChannels}, at::DimVector{kWidth}, at::DimVector{kWidth}, at::DimVector{kHidden, kWidth},
          at::DimVector{kHidden}, at::DimVector{kChannels, kHidden}, at::DimVector{kChannels}}) {
      sizes.push_back(s);
    }
    std::int64_t total = 0;
    for (const auto& s : sizes) total += c10::multiply_integers(s);
    at::manual_seed(kSeed);
    const double bound = 1.0 / std::sqrt(static_cast<double>(kHidden));
    flat = at::empty({total}).uniform_(-bound, bound);
    gradient = at::zeros({total});
    std::int64_t at = 0;
    for (const auto& s : sizes) {
      const auto count = c10::multiply_integers(s);
      auto parameter = flat.narrow(0, at, count).view(s).detach().requires_grad_();
      parameter.mutable_grad() = gradient.narrow(0, at, count).view(s);
      parameters.push_back(parameter);
      at += count;
    }
    const c10::NoGradGuard guard;
    parameters[17].fill_(1.0);
    parameters[18].fill_(0.0);
  }

  moola::models::LstmWeights lstm(std::size_t direction) const {
    const auto* p = parameters.data() + 4 * direction;
    return {p[0], p[1], p[2], p[3]};
  }
};

/// What the loss needs of the encoder's output (T, 2N, C), in one pass each way: the rows at masked bars of the first
/// half, and the mean over channels of the standard deviation over the second half.
class Heads : public torch::autograd::Function<Heads> {
 public:
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* ctx, const Tensor& y,
                                              const Tensor& index) {
    const auto rows = y.size(1), half = rows / 2;
    const float* p = y.const_data_ptr<float>();
    std::vector<double> sums(kWidth), squares(kWidth);
    std::vector<float> sum(kWidth), square(kWidth);
    for (std::int64_t t = 0; t < kSteps; ++t) {
      std::fill(sum.begin(), sum.end(), 0.0f), std::fill(square.begin(), square.end(), 0.0f);
      for (std::int64_t b = half; b < rows; ++b) {
        const float* row = p + (t * rows + b) * kWidth;
        for (std::int64_t c = 0; c < kWidth; ++c) sum[c] += row[c], square[c] += row[c] * row[c];
      }
      for (std::int64_t c = 0; c < kWidth; ++c) sums[c] += sum[c], squares[c] += square[c];
    }
    const double count = static_cast<double>(kSteps * half);
    const Tensor mean = at::empty({kWidth}), slope = at::empty({kWidth});
    double spread = 0.0;
    for (std::int64_t c = 0; c < kWidth; ++c) {
      const double m = sums[c] / count, deviation = std::sqrt((squares[c] - sums[c] * m) / (count - 1));
      spread += deviation / kWidth;
      mean.mutable_data_ptr<float>()[c] = static_cast<float>(m);
      slope.mutable_data_ptr<float>()[c] = static_cast<float>(1.0 / (kWidth * (count - 1) * deviation));
    }
    ctx->save_for_backward({y, index, mean, slope});
    return {y.view({-1, kWidth}).index_select(0, index), at::full({}, spread, at::kFloat)};
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list outputs) {
    const auto saved = ctx->get_saved_variables();
    const auto rows = saved[0].size(1), half = rows / 2;
    const Tensor slope = saved[3] * outputs[1], dy = at::empty_like(saved[0]);
    const float *y = saved[0].const_data_ptr<float>(), *mean = saved[2].const_data_ptr<float>(),
                *s = slope.const_data_ptr<float>();
    float* out = dy.mutable_data_ptr<float>();
    for (std::int64_t t = 0; t < kSteps; ++t) {
      std::fill_n(out + t * rows * kWidth, half * kWidth, 0.0f);
      for (std::int64_t b = half; b < rows; ++b) {
        const auto at = (t * rows + b) * kWidth;
        for (std::int64_t c = 0; c < kWidth; ++c) out[at + c] = s[c] * (y[at + c] - mean[c]);
      }
    }
    dy.view({-1, kWidth}).index_copy_(0, saved[1], outputs[0]);
    return {dy, Tensor()};
  }
};

/// Masked bars of a leaf as (T, N) and as rows of the stacked output, drawn by sample.
std::pair<Tensor, Tensor> draw_mask(std::uint32_t step, std::span<const std::uint32_t> samples) {
  const Tensor mask = at::zeros({kSteps, kLeaf}, at::kBool);
  auto* m = mask.mutable_data_ptr<bool>();
  for (std::size_t b = 0; b < samples.size(); ++b) {
    const auto bits = moola::philox4x32({0, samples[b], step, 99}, {kSeed, 0});
    const auto one = static_cast<std::int64_t>(bits[0] % kPatches);
    const auto other = (one + 1 + static_cast<std::int64_t>(bits[1] % (kPatches - 1))) % kPatches;
    for (std::int64_t i = 0; i < kPatch; ++i) {
      m[(one * kPatch + i) * kLeaf + static_cast<std::int64_t>(b)] = true;
      m[(other * kPatch + i) * kLeaf + static_cast<std::int64_t>(b)] = true;
    }
  }
  std::vector<std::int64_t> rows;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    for (std::int64_t b = 0; b < kLeaf; ++b) {
      if (m[t * kLeaf + b]) rows.push_back(t * 2 * kLeaf + b);
    }
  }
  return {mask, at::tensor(rows, at::kLong)};
}

/// Adds a leaf's gradient, scaled by `share`, to the model's; returns its loss.
double train_leaf(const Model& model, const Tensor& x, std::uint32_t step, std::uint32_t first_sample, double share) {
  std::vector<std::uint32_t> samples(kLeaf);
  std::iota(samples.begin(), samples.end(), first_sample);
  const auto [mask, rows] = draw_mask(step, samples);
  std::vector<moola::models::DropoutKey> keys;
  for (const std::uint32_t pass : {0u, 1u}) {
    for (const auto sample : samples) keys.push_back({.seed = kSeed, .stream = pass, .step = step, .sample = sample});
  }
  const auto* p = model.parameters.data() + 16;  // token, norm weight and bias, decoder
  const Tensor masked = at::where(mask.unsqueeze(-1), p[0], x);
  const Tensor first = moola::models::bidirectional_lstm_layer(at::cat({masked, x}, 1), model.lstm(0), model.lstm(1));
  const Tensor dropped = moola::models::keyed_dropout_layer(first, 0.2, keys);
  const Tensor encoded = moola::models::bidirectional_lstm_layer(dropped, model.lstm(2), model.lstm(3));
  const auto heads = Heads::apply(encoded, rows);
  const Tensor hidden = at::linear(at::layer_norm(heads[0], {kWidth}, p[1], p[2]), p[3], p[4]).relu();
  const Tensor guess = at::linear(at::dropout(hidden, 0.2, true), p[5], p[6]);
  const Tensor target = x.reshape({-1, kChannels}).index({mask.view(-1)});
  const Tensor loss = at::mse_loss(guess, target) + 0.1 * at::relu(1.0 - heads[1]);
  torch::autograd::backward({loss * share});
  return loss.item<double>();
}

struct Shared {
  pthread_barrier_t barrier;
  double seconds;
  float* gradients;  // one per process
};

void train(Shared& shared, std::int64_t rank, std::int64_t ranks, std::int64_t batch, int steps) {
  at::set_num_threads(1);
  Model model;
  const auto total = model.flat.numel();
  const auto leaves = batch / ranks / kLeaf;
  at::manual_seed(static_cast<std::uint64_t>(rank));
  const Tensor data = at::randn({leaves, kSteps, kLeaf, kChannels});
  const Tensor first = at::zeros_like(model.flat), second = at::zeros_like(model.flat);
  double best = 1e30, loss = 0.0;
  for (int step = 0; step <= steps; ++step) {  // the first is warm-up
    pthread_barrier_wait(&shared.barrier);
    const auto begin = std::chrono::steady_clock::now();
    model.gradient.zero_();
    loss = 0.0;
    for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
      const auto sample = static_cast<std::uint32_t>((rank * leaves + leaf) * kLeaf);
      loss += train_leaf(model, data[leaf], static_cast<std::uint32_t>(step), sample,
                         static_cast<double>(kLeaf) / static_cast<double>(batch));
    }
    std::copy_n(model.gradient.const_data_ptr<float>(), total, shared.gradients + rank * total);
    pthread_barrier_wait(&shared.barrier);
    for (std::int64_t other = 0; other < ranks; ++other) {
      if (other == rank) continue;
      model.gradient += at::from_blob(shared.gradients + other * total, {total});
    }
    // AdamW, clip at 1, as torch.optim does it.
    model.gradient *= std::min(1.0, 1.0 / (model.gradient.norm().item<double>() + 1e-6));
    model.flat *= 1.0 - 1e-3 * 1e-4;
    first.lerp_(model.gradient, 0.1);
    second.mul_(0.999).addcmul_(model.gradient, model.gradient, 0.001);
    const double first_bias = 1.0 - std::pow(0.9, step + 1), second_bias = 1.0 - std::pow(0.999, step + 1);
    model.flat.addcdiv_(first, (second.sqrt() / std::sqrt(second_bias)).add_(1e-8), -1e-3 / first_bias);
    pthread_barrier_wait(&shared.barrier);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (step > 0) best = std::min(best, seconds.count());
  }
  if (rank == 0) {
    std::printf("ours: %.1f windows/s (%ld processes of one thread, loss %.4f)\n", static_cast<double>(batch) / best,
                static_cast<long>(ranks), loss / static_cast<double>(leaves));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t ranks = argc > 1 ? std::atol(argv[1]) : 2, batch = argc > 2 ? std::atol(argv[2]) : 512;
  const int steps = argc > 3 ? std::atoi(argv[3]) : 5;
  // Torch's temporaries of a step are megabytes each: kept in the heap instead of given back and faulted in again.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  void* memory = mmap(nullptr, sizeof(Shared) + static_cast<std::size_t>(ranks) * 4'000'000, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  auto& shared = *static_cast<Shared*>(memory);
  shared.gradients = reinterpret_cast<float*>(static_cast<char*>(memory) + 4096);
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared.barrier, &attributes, static_cast<unsigned>(ranks));
  for (std::int64_t rank = 1; rank < ranks; ++rank) {
    if (fork() == 0) {
      train(shared, rank, ranks, batch, steps);
      _exit(0);
    }
  }
  train(shared, 0, ranks, batch, steps);
  while (wait(nullptr) > 0) {
  }
}
