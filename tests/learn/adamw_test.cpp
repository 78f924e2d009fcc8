#include "learn/adamw.h"

#include <ATen/Parallel.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace moola::learn;

namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.contiguous();
  return {plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel()};
}

at::Tensor floats(const std::vector<float>& values) {
  return at::tensor(values, at::kFloat);
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.numel() == b.numel() &&
         std::memcmp(a.const_data_ptr(), b.const_data_ptr(), static_cast<std::size_t>(a.nbytes())) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adamw)

// torch.optim.AdamW of PyTorch 1.13, lr 0.05, weight_decay 0.01, on sum(a p^2) / 2: the gradient is a p.
BOOST_AUTO_TEST_CASE(the_trajectory_is_that_of_pytorch) {
  const at::Tensor a = floats({0.5F, 1, 1.5F, 2, 2.5F, 3});
  const std::vector<std::vector<float>> trajectory{{0.30000001192092896F, 0.32296207547187805F, 0.3842484652996063F,
                                                    1.0090919733047485F, 1.256700038909912F, 0.7806716561317444F},
                                                   {0.24985001981258392F, 0.27280059456825256F, 0.3340563178062439F,
                                                    0.9585873484611511F, 1.2060717344284058F, 0.7302812933921814F},
                                                   {0.20016855001449585F, 0.22305920720100403F, 0.28419259190559387F,
                                                    0.9081913232803345F, 1.1555328369140625F, 0.6800308227539062F},
                                                   {0.15140432119369507F, 0.17412534356117249F, 0.23493598401546478F,
                                                    0.857965886592865F, 1.1051298379898071F, 0.6300085783004761F},
                                                   {0.10416294634342194F, 0.12651130557060242F, 0.18663856387138367F,
                                                    0.8079779744148254F, 1.0549123287200928F, 0.5803129076957703F},
                                                   {0.05923435837030411F, 0.08087620139122009F, 0.1397380530834198F,
                                                    0.758299708366394F, 1.0049324035644531F, 0.5310525894165039F}};
  at::Tensor values = floats(trajectory[0]);
  AdamW optimizer(values, {.weight_decay = 0.01});
  for (std::size_t step = 1; step < trajectory.size(); ++step) {
    optimizer.step(values, a * values, 0.05);
    const std::vector<float> found = values_of(values);
    for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(std::abs(found[i] - trajectory[step][i]) < 1e-7F);
  }
  BOOST_TEST(optimizer.steps() == 5);
}

// The same state goes on to the same bits: what a resumed training rests on.
BOOST_AUTO_TEST_CASE(a_restored_optimizer_goes_on_to_the_same_bits) {
  const at::Tensor start = at::linspace(-2, 3, 1001, at::kFloat);
  const auto gradient = [](const at::Tensor& values, int step) {
    return at::sin(values * static_cast<float>(step + 1));
  };
  at::Tensor whole = start.clone();
  AdamW one(whole, {});
  for (int step = 0; step < 10; ++step) one.step(whole, gradient(whole, step), 1e-2);

  at::Tensor part = start.clone();
  AdamW before(part, {});
  for (int step = 0; step < 4; ++step) before.step(part, gradient(part, step), 1e-2);
  AdamW after(part, {});
  after.restore(before.first_moment(), before.second_moment(), before.steps());
  for (int step = 4; step < 10; ++step) after.step(part, gradient(part, step), 1e-2);
  BOOST_TEST(same_bits(whole, part));
  BOOST_TEST(same_bits(one.first_moment(), after.first_moment()));
  BOOST_TEST(same_bits(one.second_moment(), after.second_moment()));
}

BOOST_AUTO_TEST_CASE(threads_do_not_change_the_bits) {
  const at::Tensor start = at::linspace(-2, 3, 300'001, at::kFloat);
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  std::vector<double> norms;
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    at::Tensor values = start.clone();
    AdamW optimizer(values, {});
    for (int step = 0; step < 3; ++step) {
      at::Tensor gradients = at::sin(values);
      norms.push_back(clip_by_global_norm(gradients, 1));
      optimizer.step(values, gradients, 1e-2);
    }
    results.push_back(values);
  }
  at::set_num_threads(before);
  BOOST_TEST(same_bits(results[0], results[1]));
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(norms[i] == norms[i + 3]);
}

BOOST_AUTO_TEST_CASE(a_rate_of_zero_changes_nothing_but_the_state) {
  at::Tensor values = floats({1, 2, 3});
  AdamW optimizer(values, {.weight_decay = 0.1});
  optimizer.step(values, floats({1, 1, 1}), 0);
  BOOST_TEST(values_of(values) == (std::vector<float>{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(optimizer.steps() == 1);
  BOOST_TEST(values_of(optimizer.first_moment())[0] == 0.1F, boost::test_tools::tolerance(1e-6F));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(clip_by_norm)

BOOST_AUTO_TEST_CASE(a_long_gradient_gets_the_length_of_the_limit) {
  at::Tensor gradients = floats({3, 4});
  BOOST_TEST(clip_by_global_norm(gradients, 1) == 5.0);
  BOOST_TEST(values_of(gradients)[0] == 0.6F);
  BOOST_TEST(values_of(gradients)[1] == 0.8F);
}

BOOST_AUTO_TEST_CASE(a_gradient_as_long_as_the_limit_or_shorter_stays) {
  for (const double limit : {5.0, 5.5, 0.0}) {  // 0: no limit
    at::Tensor gradients = floats({3, 4});
    BOOST_TEST(clip_by_global_norm(gradients, limit) == 5.0);
    BOOST_TEST(values_of(gradients) == (std::vector<float>{3, 4}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_norm_is_summed_in_double_at_every_size) {
  // sqrt(sum of i^2) for i = 1..n is sqrt(n (n + 1) (2n + 1) / 6); the block of the sum is 4,096.
  for (const std::int64_t n : {0, 1, 4095, 4096, 4097, 8192, 100'001}) {
    at::Tensor gradients = at::arange(1, n + 1, at::kFloat);
    const double size = static_cast<double>(n);
    BOOST_TEST(clip_by_global_norm(gradients, 0) == std::sqrt(size * (size + 1) * (2 * size + 1) / 6),
               boost::test_tools::tolerance(1e-12));
  }
}

BOOST_AUTO_TEST_CASE(gradients_in_double_are_scaled_too_and_not_squared) {
  at::Tensor gradients = at::tensor({3.0, 4.0}, at::kDouble);
  BOOST_TEST(clip_by_global_norm(gradients, 10) == 5.0);
  BOOST_TEST(gradients[0].item<double>() == 3.0);
}

BOOST_AUTO_TEST_CASE(squares_that_leave_fp32_do_not_leave_the_norm) {
  at::Tensor large = floats({3e30F, 4e30F}), small = floats({3e-30F, 4e-30F});
  BOOST_TEST(clip_by_global_norm(large, 0) == 5e30, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(clip_by_global_norm(small, 0) == 5e-30, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(what_is_no_number_shows_in_the_norm) {
  at::Tensor nan = floats({1, std::numeric_limits<float>::quiet_NaN()});
  BOOST_TEST(std::isnan(clip_by_global_norm(nan, 1)));
  at::Tensor infinite = floats({1, std::numeric_limits<float>::infinity()});
  BOOST_TEST(std::isinf(clip_by_global_norm(infinite, 1)));
}

BOOST_AUTO_TEST_SUITE_END()
