#include "learn/masked_objective.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <memory>

#include "base/error.h"
#include "base/keyed_random.h"

using namespace moola;
using namespace moola::learn;

namespace {

// Short windows have few patches.
constexpr MaskOptions kHalfThePatches{.strategy = MaskStrategy::patch, .ratio = 0.5, .patch = 7};

struct Autoencoder {
  models::Parameters parameters;
  std::unique_ptr<models::Encoder> encoder;
  std::unique_ptr<MaskedObjective> objective;

  Autoencoder(std::int64_t channels, std::int64_t hidden, std::int64_t length, MaskedOptions options) {
    encoder = models::make_encoder({.channels = channels, .hidden = hidden}, parameters);
    objective = std::make_unique<MaskedObjective>(*encoder, parameters, length, options);
    parameters.allocate(at::kCPU);
    encoder->initialise(options.seed);
    objective->initialise();
  }
};

// Random walks, as log prices are.
at::Tensor some_windows(std::int64_t n, std::int64_t length, std::int64_t channels, std::uint64_t seed = 5) {
  at::Tensor windows = at::empty({n, length, channels}, at::kFloat);
  float* out = windows.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    KeyedRandom random(seed, Stream::augmentation, 0, static_cast<std::uint64_t>(i));
    double level = 0;
    for (std::int64_t t = 0; t < length; ++t) {
      level += 0.1 * random.normal();
      for (std::int64_t c = 0; c < channels; ++c) *out++ = static_cast<float>(level + 0.02 * random.normal());
    }
  }
  return windows;
}

std::vector<double> evaluate(Autoencoder& model, const at::Tensor& windows) {
  const at::NoGradGuard no_gradients;
  model.objective->begin({.phase = Phase::evaluate, .step = 0, .samples = windows.size(0)});
  std::vector<double> sums(model.objective->sum_names().size());
  model.objective->leaf({windows, windows, 0}, sums);
  return sums;
}

double metric(const MaskedObjective& objective, std::span<const double> sums, const std::string& name) {
  for (const auto& [known, value] : objective.metrics(sums)) {
    if (known == name) return value;
  }
  throw std::logic_error("no metric " + name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(masked_objective)

// reference moola.md 2.1
BOOST_AUTO_TEST_CASE(the_autoencoder_of_four_channels_has_566408_parameters) {
  const Autoencoder model(4, 128, 105, {});
  BOOST_TEST(model.parameters.elements() == 566'408);
}

BOOST_AUTO_TEST_CASE(the_autoencoder_of_eleven_channels_has_574486_parameters) {
  const Autoencoder model(11, 128, 105, {});
  BOOST_TEST(model.parameters.elements() == 574'486);
}

BOOST_AUTO_TEST_CASE(what_is_under_a_mask_cannot_influence_the_output) {
  const at::NoGradGuard no_gradients;
  Autoencoder model(4, 8, 30, {.mask = kHalfThePatches});
  const at::Tensor windows = some_windows(3, 30, 4);
  at::Tensor mask = at::zeros({3, 30}, at::kByte);
  mask[0][0] = 1;
  mask[1][29] = 1;
  mask[2].narrow(0, 10, 7).fill_(1);
  const at::Tensor clean = model.objective->reconstruct(windows, mask);
  for (const float poison : {1e30F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const at::Tensor poisoned = at::where(mask.unsqueeze(2).to(at::kBool), at::full({}, poison), windows);
    BOOST_TEST(at::equal(model.objective->reconstruct(poisoned, mask), clean));
  }
}

BOOST_AUTO_TEST_CASE(a_visible_bar_does_influence_the_output) {
  const at::NoGradGuard no_gradients;
  Autoencoder model(4, 8, 30, {.mask = kHalfThePatches});
  const at::Tensor windows = some_windows(1, 30, 4);
  at::Tensor mask = at::zeros({1, 30}, at::kByte);
  mask[0].narrow(0, 10, 7).fill_(1);
  at::Tensor changed = windows.clone();
  changed[0][9][2] += 0.5;
  BOOST_TEST(!at::equal(model.objective->reconstruct(changed, mask), model.objective->reconstruct(windows, mask)));
}

BOOST_AUTO_TEST_CASE(the_loss_is_the_mean_squared_error_over_hidden_values_alone) {
  Autoencoder model(4, 8, 42, {.mask = {.strategy = MaskStrategy::block, .ratio = 0.25}});
  const at::Tensor windows = some_windows(5, 42, 4);
  const std::vector<double> sums = evaluate(model, windows);
  // The same with our own masks: the draws are keyed, so anybody can make them.
  at::Tensor mask = at::empty({5, 42}, at::kByte);
  for (std::int64_t i = 0; i < 5; ++i) {
    draw_mask({.strategy = MaskStrategy::block, .ratio = 0.25},
              KeyedRandom(1337, Stream::holdout_mask, 0, static_cast<std::uint64_t>(i)),
              {mask.mutable_data_ptr<std::uint8_t>() + i * 42, 42});
  }
  const at::NoGradGuard no_gradients;
  const at::Tensor guess = model.objective->reconstruct(windows, mask).contiguous();
  double sum = 0, count = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t t = 0; t < 42; ++t) {
      if (mask[i][t].item<int>() == 0) continue;
      for (std::int64_t c = 0; c < 4; ++c) {
        const double difference = guess[i][t][c].item<double>() - windows[i][t][c].item<double>();
        sum += difference * difference;
        ++count;
      }
    }
  }
  BOOST_TEST(count == 5 * 10 * 4);
  BOOST_TEST(metric(*model.objective, sums, "loss") == sum / count, boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(baselines_are_the_mean_of_visible_bars_and_the_last_visible_bar) {
  Autoencoder model(1, 4, 10, {.mask = {.strategy = MaskStrategy::block, .ratio = 0.3}});
  at::Tensor windows = at::arange(10, at::kFloat).view({1, 10, 1}).contiguous();
  const std::vector<double> sums = evaluate(model, windows);
  std::vector<std::uint8_t> mask(10);
  draw_mask({.strategy = MaskStrategy::block, .ratio = 0.3}, KeyedRandom(1337, Stream::holdout_mask, 0, 0), mask);
  const auto begin = std::find(mask.begin(), mask.end(), 1) - mask.begin();
  double visible = 0;
  for (int t = 0; t < 10; ++t) visible += mask[static_cast<std::size_t>(t)] == 0 ? t : 0;
  double mean_error = 0, last_error = 0;
  for (auto t = begin; t < begin + 3; ++t) {
    mean_error += std::pow(static_cast<double>(t) - visible / 7, 2);
    const double last = begin == 0 ? 3.0 : static_cast<double>(begin - 1);
    last_error += std::pow(static_cast<double>(t) - last, 2);
  }
  BOOST_TEST(metric(*model.objective, sums, "baseline_window_mean") == mean_error / 3,
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(metric(*model.objective, sums, "baseline_previous_bar") == last_error / 3,
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(leaves_of_any_size_add_up_to_the_same_reconstruction_gradient) {
  const MaskedOptions options{.mask = kHalfThePatches, .variance_weight = 0};  // the variance term is defined per leaf
  const at::Tensor windows = some_windows(12, 21, 4);
  const auto gradient = [&](std::int64_t leaf) {
    Autoencoder model(4, 16, 21, options);
    model.objective->begin({.phase = Phase::train, .step = 3, .samples = 12});
    std::vector<double> sums(model.objective->sum_names().size());
    for (std::int64_t first = 0; first < 12; first += leaf) {
      const at::Tensor part = windows.narrow(0, first, std::min(leaf, 12 - first)).contiguous();
      model.objective->leaf({part, part, first}, sums).backward();
    }
    return model.parameters.gradients().clone();
  };
  const at::Tensor whole = gradient(12);
  BOOST_TEST(whole.abs().max().item<double>() > 0);
  for (const std::int64_t leaf : {1, 4, 5}) BOOST_TEST(at::allclose(gradient(leaf), whole, 1e-4, 1e-6));
}

BOOST_AUTO_TEST_CASE(gradients_agree_with_finite_differences) {
  // The Huber loss and the variance term together, without dropout (which is constant in the parameters anyway).
  MaskedOptions options{
      .mask = kHalfThePatches, .reconstruction = Reconstruction::huber, .huber_delta = 0.2, .variance_weight = 0.5};
  Autoencoder model(4, 4, 14, options);
  const at::Tensor windows = some_windows(6, 14, 4);
  const auto loss = [&] {
    model.objective->begin({.phase = Phase::train, .step = 0, .samples = 6});
    std::vector<double> sums(model.objective->sum_names().size());
    return model.objective->leaf({windows, windows, 0}, sums);
  };
  loss().backward();
  const at::Tensor gradients = model.parameters.gradients().clone();
  at::Tensor values = model.parameters.values();
  const at::NoGradGuard no_gradients;
  for (const auto& entry : model.parameters.entries()) {
    const std::int64_t at = entry.offset + entry.elements / 2;
    const float before = values[at].item<float>();
    static constexpr float kStep = 3e-3F;
    values[at] = before + kStep;
    const double above = loss().item<double>();
    values[at] = before - kStep;
    const double below = loss().item<double>();
    values[at] = before;
    BOOST_TEST_INFO(entry.name);
    BOOST_TEST(std::fabs((above - below) / (2 * kStep) - gradients[at].item<double>()) < 2e-3);
  }
}

BOOST_AUTO_TEST_CASE(a_mask_that_hides_nothing_is_refused) {
  BOOST_CHECK_THROW(Autoencoder(4, 8, 20, {.mask = {.strategy = MaskStrategy::patch, .ratio = 0.15, .patch = 7}}),
                    ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
