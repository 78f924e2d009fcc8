#include "learn/masked_objective.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/keyed_random.h"

namespace moola::learn {
namespace {

using models::DropoutKey;

// Uniform in ±bound, keyed by the parameter's number: no parameter's start depends on which others there are before it.
void fill_uniform(const at::Tensor& target, double bound, std::uint64_t seed, std::uint64_t number) {
  at::Tensor host = at::empty(target.sizes(), at::kFloat);
  KeyedRandom random(seed, Stream::initial_weights, 1, number);
  float* values = host.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < host.numel(); ++i)
    values[i] = static_cast<float>((2.0 * random.uniform() - 1.0) * bound);
  target.detach().copy_(host);
}

}  // namespace

MaskedObjective::MaskedObjective(const models::Encoder& encoder, models::Parameters& parameters, std::int64_t length,
                                 MaskedOptions options)
    : encoder_(encoder), parameters_(parameters), length_(length), options_(options) {
  check_mask(options_.mask, length);
  const std::int64_t channels = encoder.config().channels, dims = encoder.dims(), hidden = options_.decoder_hidden;
  mask_token_ = parameters.add("mask_token", {1, 1, channels});
  norm_weight_ = parameters.add("norm.weight", {dims});
  norm_bias_ = parameters.add("norm.bias", {dims});
  in_weight_ = parameters.add("decoder.0.weight", {hidden, dims});
  in_bias_ = parameters.add("decoder.0.bias", {hidden});
  out_weight_ = parameters.add("decoder.3.weight", {channels, hidden});
  out_bias_ = parameters.add("decoder.3.bias", {channels});
}

void MaskedObjective::initialise() {
  KeyedRandom random(options_.seed, Stream::initial_weights, 1, mask_token_);
  at::Tensor token = at::empty(parameters_[mask_token_].sizes(), at::kFloat);
  for (std::int64_t i = 0; i < token.numel(); ++i)
    token.mutable_data_ptr<float>()[i] = static_cast<float>(0.02 * random.normal());
  parameters_[mask_token_].detach().copy_(token);
  parameters_[norm_weight_].detach().fill_(1.0);
  parameters_[norm_bias_].detach().zero_();
  // torch.nn.Linear's start: uniform in ±1/sqrt(inputs), weights and biases alike.
  const double in_bound = 1.0 / std::sqrt(static_cast<double>(encoder_.dims()));
  const double out_bound = 1.0 / std::sqrt(static_cast<double>(options_.decoder_hidden));
  fill_uniform(parameters_[in_weight_], in_bound, options_.seed, in_weight_);
  fill_uniform(parameters_[in_bias_], in_bound, options_.seed, in_bias_);
  fill_uniform(parameters_[out_weight_], out_bound, options_.seed, out_weight_);
  fill_uniform(parameters_[out_bias_], out_bound, options_.seed, out_bias_);
}

std::vector<std::string> MaskedObjective::sum_names() const {
  return {"error", "values", "window_mean", "previous_bar", "collapse", "samples"};
}

void MaskedObjective::begin(const BatchKey& batch) {
  batch_ = batch;
  masks_.resize(static_cast<std::size_t>(batch.samples * length_));
  hidden_bars_ = 0;
  const Stream stream = batch.phase == Phase::train ? Stream::mask : Stream::holdout_mask;
  for (std::int64_t sample = 0; sample < batch.samples; ++sample) {
    const KeyedRandom random(options_.seed, stream, static_cast<std::uint64_t>(batch.step),
                             static_cast<std::uint64_t>(sample));
    const auto row =
        std::span(masks_).subspan(static_cast<std::size_t>(sample * length_), static_cast<std::size_t>(length_));
    hidden_bars_ += draw_mask(options_.mask, random, row);
  }
}

std::span<const std::uint8_t> MaskedObjective::hidden(std::int64_t first, std::int64_t count) const {
  return std::span(masks_).subspan(static_cast<std::size_t>(first * length_),
                                   static_cast<std::size_t>(count * length_));
}

at::Tensor MaskedObjective::hide(const at::Tensor& time_major, const at::Tensor& mask) const {
  // where, not a product: zero times an infinite price would still be seen.
  return at::where(mask.t().unsqueeze(2).to(at::kBool), parameters_[mask_token_], time_major);
}

at::Tensor MaskedObjective::decode(const at::Tensor& rows, const at::Tensor& keep) const {
  const at::Tensor normed = at::layer_norm(rows, {encoder_.dims()}, parameters_[norm_weight_], parameters_[norm_bias_]);
  at::Tensor inner = at::relu(at::linear(normed, parameters_[in_weight_], parameters_[in_bias_]));
  if (keep.defined()) inner = inner * keep;
  return at::linear(inner, parameters_[out_weight_], parameters_[out_bias_]);
}

double MaskedObjective::error_of(double difference) const {
  if (options_.reconstruction == Reconstruction::squared) return difference * difference;
  const double size = std::fabs(difference), delta = options_.huber_delta;
  return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
}

at::Tensor MaskedObjective::leaf(const Leaf& leaf, std::span<double> sums) {
  const bool training = batch_.phase == Phase::train;
  const std::int64_t n = leaf.windows.size(0), length = leaf.windows.size(1), channels = leaf.windows.size(2);
  if (length != length_) throw DataError("the windows' length is not the one the objective was made for");
  const at::Device device = leaf.windows.device();
  const std::span<const std::uint8_t> mask_of = hidden(leaf.first, n);

  // Rows of the time-major (T n) batch that are hidden, sample after sample, so that a sample's dropout draws are one
  // piece.
  std::vector<std::int64_t> rows_of_hidden;
  std::vector<std::int64_t> hidden_of(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t t = 0; t < length; ++t) {
      if (mask_of[static_cast<std::size_t>(i * length + t)] == 0) continue;
      rows_of_hidden.push_back(t * n + i);
      ++hidden_of[static_cast<std::size_t>(i)];
    }
  }
  const auto rows_hidden = static_cast<std::int64_t>(rows_of_hidden.size());
  const at::Tensor row = at::from_blob(rows_of_hidden.data(), {rows_hidden}, at::kLong).clone().to(device);
  const at::Tensor mask =
      at::from_blob(const_cast<std::uint8_t*>(mask_of.data()), {n, length}, at::kByte).clone().to(device);

  const at::Tensor seen = leaf.windows.transpose(0, 1).contiguous();  // (T, n, C)
  const bool second_pass = training && options_.variance_weight > 0;
  std::vector<DropoutKey> keys;
  if (training) {
    const auto key = [&](Stream stream, std::int64_t i) {
      return DropoutKey{.seed = options_.seed,
                        .stream = static_cast<std::uint32_t>(stream),
                        .step = static_cast<std::uint32_t>(batch_.step),
                        .sample = static_cast<std::uint32_t>(leaf.first + i)};
    };
    for (std::int64_t i = 0; i < n; ++i) keys.push_back(key(Stream::dropout, i));
    if (second_pass) {
      for (std::int64_t i = 0; i < n; ++i) keys.push_back(key(Stream::dropout_second_pass, i));
    }
  }
  const at::Tensor masked = hide(seen, mask);
  const at::Tensor codes =
      encoder_.encode(second_pass ? at::cat({masked, seen}, 1) : masked, keys);  // (T, n or 2 n, D)
  const at::Tensor masked_codes = second_pass ? codes.narrow(1, 0, n) : codes;

  at::Tensor keep;
  if (training && options_.dropout > 0) {
    keep = at::empty({rows_hidden, options_.decoder_hidden}, at::kFloat);
    float* begin = keep.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < n; ++i) {
      DropoutKey key = keys[static_cast<std::size_t>(i)];
      key.stream = static_cast<std::uint32_t>(Stream::decoder_dropout);
      const auto drawn = static_cast<std::size_t>(hidden_of[static_cast<std::size_t>(i)] * options_.decoder_hidden);
      models::dropout_mask({begin, drawn}, options_.dropout, key);
      begin += drawn;
    }
    keep = keep.to(device);
  }
  const at::Tensor guess = decode(masked_codes.reshape({length * n, encoder_.dims()}).index_select(0, row), keep);
  const at::Tensor truth = seen.view({length * n, channels}).index_select(0, row);
  const at::Tensor error_sum = options_.reconstruction == Reconstruction::squared
                                   ? (guess - truth).square().sum()
                                   : at::huber_loss(guess, truth, at::Reduction::Sum, options_.huber_delta);
  at::Tensor loss = error_sum / static_cast<double>(std::max<std::int64_t>(1, hidden_bars_ * channels));

  sums[error] += error_sum.item<double>();
  sums[values] += static_cast<double>(rows_hidden * channels);
  sums[samples] += static_cast<double>(n);
  if (second_pass) {
    const at::Tensor spread = codes.narrow(1, n, n).reshape({length * n, encoder_.dims()}).std(0).mean();
    const at::Tensor collapse_penalty = (1.0 - spread).clamp_min(0.0);
    const double share = static_cast<double>(n) / static_cast<double>(batch_.samples);
    loss = loss + collapse_penalty * (options_.variance_weight * share);
    sums[collapse] += collapse_penalty.item<double>() * static_cast<double>(n);
  }
  add_baselines(leaf, sums);
  return loss;
}

void MaskedObjective::add_baselines(const Leaf& leaf, std::span<double> sums) const {
  const at::Tensor windows = leaf.host_windows.contiguous();
  const std::int64_t n = windows.size(0), channels = windows.size(2);
  const float* data = windows.const_data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint8_t* mask = masks_.data() + (leaf.first + i) * length_;
    const float* window = data + i * length_ * channels;
    const auto visible = length_ - std::count(mask, mask + length_, std::uint8_t{1});
    if (visible == length_) continue;
    const std::int64_t first_visible = std::find(mask, mask + length_, std::uint8_t{0}) - mask;
    for (std::int64_t c = 0; c < channels; ++c) {
      double mean = 0;
      for (std::int64_t t = 0; t < length_; ++t) {
        if (mask[t] == 0) mean += window[t * channels + c];
      }
      mean /= static_cast<double>(visible);
      double last = window[first_visible * channels + c];
      for (std::int64_t t = 0; t < length_; ++t) {
        const double value = window[t * channels + c];
        if (mask[t] == 0) {
          last = value;
        } else {
          sums[window_mean] += error_of(value - mean);
          sums[previous_bar] += error_of(value - last);
        }
      }
    }
  }
}

std::vector<std::pair<std::string, double>> MaskedObjective::metrics(std::span<const double> sums) const {
  const double count = std::max(1.0, sums[values]);
  std::vector<std::pair<std::string, double>> out{{"loss", sums[error] / count}};
  if (batch_.phase == Phase::train && options_.variance_weight > 0) {
    const double penalty = sums[collapse] / std::max(1.0, sums[samples]);
    out.emplace_back("collapse_penalty", penalty);
    out.emplace_back("objective", sums[error] / count + options_.variance_weight * penalty);
  }
  out.emplace_back("baseline_window_mean", sums[window_mean] / count);
  out.emplace_back("baseline_previous_bar", sums[previous_bar] / count);
  return out;
}

at::Tensor MaskedObjective::reconstruct(const at::Tensor& windows, const at::Tensor& mask) const {
  const at::Tensor codes = encoder_.encode(hide(windows.transpose(0, 1).contiguous(), mask), {});
  return decode(codes, {}).transpose(0, 1);
}

}  // namespace moola::learn
