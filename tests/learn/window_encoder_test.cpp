#include "learn/window_encoder.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "base/error.h"
#include "models/parameters.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::learn;
using namespace moola::test;

namespace {

constexpr std::int64_t kLength = 21, kChannels = 4, kWindows = 70;

struct Untrained {
  models::Parameters parameters;
  std::unique_ptr<models::Encoder> encoder;
  std::vector<float> windows;

  explicit Untrained(std::int64_t hidden = 24, std::int64_t length = kLength) {
    encoder = models::make_encoder({.channels = kChannels, .hidden = hidden, .layers = 2}, parameters);
    parameters.allocate(at::kCPU);
    encoder->initialise(5);
    std::mt19937_64 random(8);
    std::normal_distribution<float> normal;
    for (std::int64_t i = 0; i < kWindows * length * kChannels; ++i) windows.push_back(normal(random));
  }
  std::vector<float> encoded(Pooling pooling, std::int64_t batch, std::int64_t length = kLength) const {
    std::vector<float> out(static_cast<std::size_t>(kWindows * encoder->dims()));
    encode_windows(*encoder, at::kCPU, pooling, windows, length, batch, out);
    return out;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(window_encoder)

BOOST_AUTO_TEST_CASE(the_batch_and_the_threads_change_no_bit) {
  for (const std::int64_t hidden : {24, 7}) {
    const Untrained one(hidden);
    for (const Pooling pooling : {Pooling::last, Pooling::mean, Pooling::max}) {
      at::set_num_threads(1);
      const std::vector<float> expected = one.encoded(pooling, kWindows);
      for (const std::int64_t batch : {1, 7, 64}) {
        for (const int threads : {1, 2, 3}) {
          at::set_num_threads(threads);
          BOOST_TEST((one.encoded(pooling, batch) == expected));
        }
      }
    }
  }
  at::set_num_threads(1);
}

// The representations of all bars, pooled one number at a time.
BOOST_AUTO_TEST_CASE(pooling_is_what_it_says_of_the_representations_of_all_bars) {
  const Untrained one;
  const at::NoGradGuard no_gradients;
  const at::Tensor x = at::tensor(one.windows).view({kWindows, kLength, kChannels}).transpose(0, 1).contiguous();
  const at::Tensor codes = one.encoder->encode(x, {});
  const std::vector<float> last = one.encoded(Pooling::last, 16), mean = one.encoded(Pooling::mean, 16),
                           max = one.encoded(Pooling::max, 16);
  const std::int64_t dims = one.encoder->dims();
  const auto code = codes.accessor<float, 3>();
  for (std::int64_t window = 0; window < kWindows; ++window) {
    for (std::int64_t d = 0; d < dims; ++d) {
      double sum = 0;
      float most = -INFINITY;
      for (std::int64_t t = 0; t < kLength; ++t) {
        sum += static_cast<double>(code[t][window][d]);
        most = std::max(most, code[t][window][d]);
      }
      const auto at = static_cast<std::size_t>(window * dims + d);
      BOOST_TEST(last[at] == code[kLength - 1][window][d]);
      BOOST_TEST(std::fabs(static_cast<double>(mean[at]) - sum / static_cast<double>(kLength)) < 1e-6);
      BOOST_TEST(max[at] == most);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_recurrent_encoder_takes_windows_of_any_length) {
  const Untrained one(24, 1);
  BOOST_TEST(one.encoder->takes_any_length());
  // Of one bar all poolings are the same.
  BOOST_TEST((one.encoded(Pooling::last, 16, 1) == one.encoded(Pooling::max, 16, 1)));
  BOOST_TEST((one.encoded(Pooling::last, 16, 1) == one.encoded(Pooling::mean, 16, 1)));
}

BOOST_AUTO_TEST_CASE(poolings_are_known_by_their_names) {
  for (const char* name : {"last", "mean", "max"}) BOOST_TEST(to_string(parse_pooling(name)) == name);
  BOOST_TEST(holds(refusal_of([] { parse_pooling("maen"); }), "mean"));
}

BOOST_AUTO_TEST_SUITE_END()
