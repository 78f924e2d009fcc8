#include "models/bilstm.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/keyed_random.h"
#include "models/dropout_layer.h"
#include "models/lstm_layer.h"

namespace moola::models {
namespace {

class Bilstm : public Encoder {
 public:
  Bilstm(const EncoderConfig& config, Parameters& parameters) : config_(config), parameters_(parameters) {
    if (config.channels < 1 || config.hidden < 1 || config.layers < 1) {
      throw ConfigError(fmt::format("a bilstm needs at least one channel, hidden unit and layer; found {}, {} and {}.",
                                    config.channels, config.hidden, config.layers));
    }
    const std::int64_t gates = 4 * config.hidden;
    for (std::int64_t layer = 0; layer < config.layers; ++layer) {
      const std::int64_t inputs = layer == 0 ? config.channels : 2 * config.hidden;
      for (const char* direction : {"", "_reverse"}) {
        const std::string suffix = fmt::format("_l{}{}", layer, direction);
        numbers_.push_back(parameters.add("encoder.weight_ih" + suffix, {gates, inputs}));
        numbers_.push_back(parameters.add("encoder.weight_hh" + suffix, {gates, config.hidden}));
        numbers_.push_back(parameters.add("encoder.bias_ih" + suffix, {gates}));
        numbers_.push_back(parameters.add("encoder.bias_hh" + suffix, {gates}));
      }
    }
  }

  const EncoderConfig& config() const override { return config_; }
  std::int64_t dims() const override { return 2 * config_.hidden; }
  bool takes_any_length() const override { return true; }

  at::Tensor encode(const at::Tensor& windows, std::span<const DropoutKey> dropout) const override {
    at::Tensor x = windows;
    for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
      if (layer > 0 && config_.dropout > 0 && !dropout.empty()) x = drop(x, dropout, layer);
      x = bidirectional_lstm_layer(x, weights(layer, 0), weights(layer, 1));
    }
    return x;
  }

  void initialise(std::uint64_t seed) override {
    const double bound = 1.0 / std::sqrt(static_cast<double>(config_.hidden));
    for (const std::size_t number : numbers_) {
      at::Tensor host = at::empty(parameters_[number].sizes(), at::kFloat);
      // Keyed by the parameter: another layer more or less leaves the others' start alone.
      KeyedRandom random(seed, Stream::initial_weights, 0, number);
      float* values = host.mutable_data_ptr<float>();
      for (std::int64_t i = 0; i < host.numel(); ++i)
        values[i] = static_cast<float>((2.0 * random.uniform() - 1.0) * bound);
      parameters_[number].detach().copy_(host);
    }
  }

 private:
  EncoderConfig config_;
  const Parameters& parameters_;
  std::vector<std::size_t> numbers_;  // weight_ih, weight_hh, bias_ih, bias_hh; both directions; layer by layer

  LstmWeights weights(std::int64_t layer, std::int64_t direction) const {
    const auto first = static_cast<std::size_t>((layer * 2 + direction) * 4);
    return {parameters_[numbers_[first]], parameters_[numbers_[first + 1]], parameters_[numbers_[first + 2]],
            parameters_[numbers_[first + 3]]};
  }

  // Each layer has draws of its own; a sample's depend on its key alone, not on its place in the batch.
  at::Tensor drop(const at::Tensor& x, std::span<const DropoutKey> keys, std::int64_t layer) const {
    std::vector<DropoutKey> layer_keys(keys.begin(), keys.end());
    for (DropoutKey& key : layer_keys) key.stream += static_cast<std::uint32_t>(layer) << 8;
    return keyed_dropout_layer(x, config_.dropout, layer_keys);
  }
};

}  // namespace

std::unique_ptr<Encoder> make_bilstm(const EncoderConfig& config, Parameters& parameters) {
  return std::make_unique<Bilstm>(config, parameters);
}

}  // namespace moola::models
