#include "models/lstm_layer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "models/dropout_layer.h"

using at::Tensor;
using moola::models::bidirectional_lstm_layer;
using moola::models::lstm_layer;
using moola::models::LstmWeights;

namespace {

std::vector<Tensor> flat(const LstmWeights& f, const LstmWeights& b) {
  return {f.w_ih, f.w_hh, f.b_ih, f.b_hh, b.w_ih, b.w_hh, b.b_ih, b.b_hh};
}

LstmWeights random_weights(std::int64_t inputs, std::int64_t hidden) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(hidden));
  const auto draw = [&](at::IntArrayRef sizes) { return at::empty(sizes).uniform_(-bound, bound).requires_grad_(); };
  return {draw({4 * hidden, inputs}), draw({4 * hidden, hidden}), draw({4 * hidden}), draw({4 * hidden})};
}

LstmWeights as_double(const LstmWeights& w) {
  const auto copy = [](const Tensor& t) { return t.detach().to(at::kDouble).requires_grad_(); };
  return {copy(w.w_ih), copy(w.w_hh), copy(w.b_ih), copy(w.b_hh)};
}

/// Largest difference, relative to the largest value.
double distance(const Tensor& a, const Tensor& b) {
  return ((a.to(at::kDouble) - b).abs().max() / b.abs().max().clamp_min(1e-30)).item<double>();
}

/// Output and the gradients of x and all weights for a fixed upstream gradient.
std::vector<Tensor> with_gradients(const Tensor& y, const Tensor& dy, std::vector<Tensor> leaves) {
  auto results = torch::autograd::grad({y}, leaves, {dy});
  results.insert(results.begin(), y.detach());
  return results;
}

struct Case {
  Tensor x, dy;
  LstmWeights f, b;
  Case(std::int64_t steps, std::int64_t rows, std::int64_t inputs, std::int64_t hidden) {
    at::manual_seed(7);
    x = at::randn({steps, rows, inputs}).requires_grad_();
    dy = at::randn({steps, rows, 2 * hidden});
    f = random_weights(inputs, hidden), b = random_weights(inputs, hidden);
  }
  std::vector<Tensor> leaves() const {
    auto all = flat(f, b);
    all.insert(all.begin(), x);
    return all;
  }
  std::vector<Tensor> compute() const { return with_gradients(bidirectional_lstm_layer(x, f, b), dy, leaves()); }
};

bool same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return a.size() == b.size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lstm_layer_suite)

BOOST_AUTO_TEST_CASE(values_and_all_gradients_are_those_of_torch_in_double) {
  const std::int64_t sizes[][4] = {{1, 1, 1, 1},      {2, 3, 4, 5},      {105, 3, 11, 16},
                                   {2, 67, 4, 48},    {105, 67, 4, 128}, {5, 1, 256, 128},
                                   {105, 16, 256, 5}, {2, 67, 256, 128}, {105, 1, 1, 48}};
  for (const auto& [steps, rows, inputs, hidden] : sizes) {
    const Case c(steps, rows, inputs, hidden);
    const auto x = c.x.detach().to(at::kDouble).requires_grad_();
    const auto f = as_double(c.f), b = as_double(c.b);
    const auto weights = flat(f, b);
    const auto zeros = at::zeros({2, rows, hidden}, at::kDouble);
    const auto y = std::get<0>(at::lstm(x, {zeros, zeros}, weights, true, 1, 0.0, false, true, false));
    auto leaves = weights;
    leaves.insert(leaves.begin(), x);
    const auto expected = with_gradients(y, c.dy.to(at::kDouble), leaves), actual = c.compute();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      BOOST_TEST(distance(actual[i], expected[i]) < 1e-5,
                 "result " << i << " of T=" << steps << " N=" << rows << " I=" << inputs << " H=" << hidden);
    }
  }
}

// (f(x + h) - f(x - h)) / 2h of sum(y * dy), in double through the same function, against the fp32 gradient.
BOOST_AUTO_TEST_CASE(gradients_are_finite_differences) {
  const Case c(4, 2, 3, 5);
  const auto gradients = c.compute();
  const auto leaves = c.leaves();
  const auto loss = [&](std::size_t which, const Tensor& moved) {
    std::vector<Tensor> v;
    for (const auto& leaf : leaves) v.push_back(leaf.detach().to(at::kDouble));
    v[which] = moved;
    const auto y = bidirectional_lstm_layer(v[0], {v[1], v[2], v[3], v[4]}, {v[5], v[6], v[7], v[8]});
    return (y * c.dy).sum().item<double>();
  };
  const double h = 1e-5;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const auto base = leaves[i].detach().to(at::kDouble);
    const auto at = base.numel() / 2;
    auto up = base.clone(), down = base.clone();
    up.view(-1)[at] += h, down.view(-1)[at] -= h;
    BOOST_TEST(std::abs((loss(i, up) - loss(i, down)) / (2 * h) - gradients[i + 1].reshape(-1)[at].item<double>()) <
               1e-4);
  }
}

// PyTorch 2.11, torch.nn.LSTM(1, 1, bidirectional=True) in float64: weights and inputs below, computed by hand from the
// equations: every weight and bias 0.5, x = 1 at the only step: z = 0.5 + 0.5 + 0.5 = 1.5, c = s(1.5) tanh(1.5), h =
// s(1.5) tanh(c).
BOOST_AUTO_TEST_CASE(one_step_of_one_unit_is_the_formula) {
  const auto half = [](at::IntArrayRef sizes) { return at::full(sizes, 0.5); };
  const LstmWeights w{half({4, 1}), half({4, 1}), half({4}), half({4})};
  const auto y = bidirectional_lstm_layer(at::ones({1, 1, 1}), w, w);
  const double s = 1.0 / (1.0 + std::exp(-1.5)), expected = s * std::tanh(s * std::tanh(1.5));
  BOOST_TEST(std::abs(y[0][0][0].item<double>() - expected) < 1e-7);
  BOOST_TEST(std::abs(y[0][0][1].item<double>() - expected) < 1e-7);
}

BOOST_AUTO_TEST_CASE(one_direction_is_half_of_two) {
  const Case c(6, 5, 4, 16);
  const auto both = bidirectional_lstm_layer(c.x, c.f, c.b), one = lstm_layer(c.x, c.f);
  BOOST_TEST(at::equal(both.slice(2, 0, 16), one));
  const auto dy = c.dy.slice(2, 0, 16).contiguous();
  const auto full = torch::autograd::grad({both.slice(2, 0, 16)}, {c.f.w_hh}, {dy});
  BOOST_TEST(at::equal(full[0], torch::autograd::grad({one}, {c.f.w_hh}, {dy})[0]));
}

BOOST_AUTO_TEST_CASE(the_bits_are_the_same_on_every_call_and_thread_count) {
  for (const auto inputs : {4, 256}) {
    const Case c(20, 67, inputs, 48);
    const auto threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto reference = c.compute();
    moola::models::release_lstm_memory();
    BOOST_TEST(same_bits(reference, c.compute()));
    BOOST_TEST(same_bits(reference, c.compute()));  // in memory that holds the last call's values
    at::set_num_threads(2);
    BOOST_TEST(same_bits(reference, c.compute()));
    at::set_num_threads(threads);
  }
}

BOOST_AUTO_TEST_CASE(inference_gives_the_bits_of_training) {
  const Case c(9, 10, 4, 32);
  const auto trained = bidirectional_lstm_layer(c.x, c.f, c.b);
  const c10::NoGradGuard guard;
  BOOST_TEST(at::equal(bidirectional_lstm_layer(c.x, c.f, c.b), trained));
}

BOOST_AUTO_TEST_CASE(without_a_gradient_for_x_the_weights_have_the_same_one) {
  const Case c(9, 10, 11, 32);
  const auto with = c.compute();
  const auto y = bidirectional_lstm_layer(c.x.detach(), c.f, c.b);
  const auto without = torch::autograd::grad({y}, flat(c.f, c.b), {c.dy});
  for (std::size_t i = 0; i < without.size(); ++i) BOOST_TEST(at::equal(without[i], with[i + 2]));
}

BOOST_AUTO_TEST_CASE(strided_inputs_and_gradients_are_taken_as_they_are_meant) {
  const Case c(5, 6, 4, 16);
  const auto x = c.x.detach().transpose(0, 1).contiguous().transpose(0, 1).requires_grad_();
  const auto dy = c.dy.transpose(0, 1).contiguous().transpose(0, 1);
  auto leaves = c.leaves();
  leaves[0] = x;
  BOOST_TEST(same_bits(c.compute(), with_gradients(bidirectional_lstm_layer(x, c.f, c.b), dy, leaves)));
}

BOOST_AUTO_TEST_CASE(nan_in_one_row_reaches_the_loss_and_not_the_other_rows) {
  Case c(5, 3, 4, 16);
  c.x = c.x.detach().clone();
  c.x[2][1][0] = std::numeric_limits<float>::quiet_NaN();
  const auto y = bidirectional_lstm_layer(c.x, c.f, c.b);
  BOOST_TEST(y.select(1, 1).isnan().any(-1).all().item<bool>());  // forward direction after, backward direction before
  BOOST_TEST(!y.select(1, 0).isnan().any().item<bool>());
  BOOST_TEST(!y.select(1, 2).isnan().any().item<bool>());
}

BOOST_AUTO_TEST_CASE(a_second_backward_through_one_graph_is_refused) {
  const Case c(3, 2, 4, 16);
  const auto y = bidirectional_lstm_layer(c.x, c.f, c.b);
  torch::autograd::grad({y}, {c.x}, {c.dy}, /*retain_graph=*/true);
  BOOST_CHECK_THROW(torch::autograd::grad({y}, {c.x}, {c.dy}), std::exception);
}

BOOST_AUTO_TEST_CASE(wrong_shapes_and_types_are_refused) {
  const Case c(3, 2, 4, 16);
  auto wrong = c.f;
  wrong.w_ih = at::zeros({64, 5});
  BOOST_CHECK_THROW(bidirectional_lstm_layer(c.x, wrong, c.b), c10::Error);
  BOOST_CHECK_THROW(bidirectional_lstm_layer(c.x.squeeze(0)[0], c.f, c.b), c10::Error);
  BOOST_CHECK_THROW(bidirectional_lstm_layer(c.x.to(at::kDouble), c.f, c.b), c10::Error);
  BOOST_CHECK_THROW(bidirectional_lstm_layer(at::zeros({0, 2, 4}), c.f, c.b), c10::Error);
}

BOOST_AUTO_TEST_CASE(keyed_dropout_scales_forward_and_backward_by_one_mask) {
  const auto x = at::randn({5, 2, 24}).requires_grad_();
  const std::vector<moola::models::DropoutKey> keys{{.seed = 1, .stream = 0, .step = 2, .sample = 3},
                                                    {.seed = 1, .stream = 0, .step = 2, .sample = 9}};
  const auto mask = moola::models::keyed_dropout_layer(at::ones({5, 2, 24}), 0.2, keys);
  const auto y = moola::models::keyed_dropout_layer(x, 0.2, keys);
  BOOST_TEST(at::equal(y, x * mask));
  const auto dy = at::randn({5, 2, 24});
  BOOST_TEST(at::equal(torch::autograd::grad({y}, {x}, {dy})[0], dy * mask));
}

BOOST_AUTO_TEST_SUITE_END()
