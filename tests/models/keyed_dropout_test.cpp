#include "models/keyed_dropout.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/philox.h"

using moola::Isa;
using moola::philox4x32;
using moola::models::apply_dropout;
using moola::models::dropout_mask;
using moola::models::DropoutKey;

namespace {

constexpr DropoutKey kKey{.seed = 0x0123456789abcdefull, .stream = 3, .step = 41, .sample = 1234567};

std::vector<float> mask(std::size_t count, double p, DropoutKey key = kKey) {
  std::vector<float> out(count, -1.0f);
  dropout_mask(out, p, key);
  return out;
}

double agreement(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t same = 0;
  for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i];
  return static_cast<double>(same) / static_cast<double>(a.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyed_dropout)

// Random123 1.14, kat_vectors, "philox4x32 10".
BOOST_AUTO_TEST_CASE(philox_gives_the_known_answers) {
  using Counter = std::array<std::uint32_t, 4>;
  constexpr std::uint32_t ones = 0xffffffff;
  BOOST_TEST((philox4x32({0, 0, 0, 0}, {0, 0}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  BOOST_TEST(
      (philox4x32({ones, ones, ones, ones}, {ones, ones}) == Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  BOOST_TEST((philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

BOOST_AUTO_TEST_CASE(an_element_is_its_sixteen_bits_of_philox) {
  const std::size_t count = 1000;
  const double p = 0.2;
  const auto values = mask(count, p);
  for (std::size_t e = 0; e < count; ++e) {
    const auto in_chunk = static_cast<std::uint32_t>(e % 128),
               block = static_cast<std::uint32_t>(e / 128 * 16) + in_chunk % 16;
    const auto words = philox4x32({block, kKey.sample, kKey.step, kKey.stream}, {0x89abcdef, 0x01234567});
    const auto bits = (words[in_chunk / 32] >> (in_chunk / 16 % 2 * 16)) & 0xffff;
    BOOST_REQUIRE_EQUAL(values[e], bits < 13107 ? 0.0f : 1.25f);
  }
}

BOOST_AUTO_TEST_CASE(every_instruction_set_gives_the_same_bits_for_any_length) {
  for (const std::size_t count : {0u, 1u, 127u, 128u, 129u, 26880u}) {
    std::vector<float> expected(count), out(count);
    dropout_mask(expected, 0.35, kKey, Isa::v2);
    for (const Isa isa : {Isa::v3, Isa::v4}) {
      if (!moola::supported(isa)) continue;
      dropout_mask(out, 0.35, kKey, isa);
      BOOST_TEST((out == expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_shorter_mask_is_the_beginning_of_a_longer_one) {
  const auto longer = mask(1000, 0.5), shorter = mask(333, 0.5);
  BOOST_TEST(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

BOOST_AUTO_TEST_CASE(the_share_of_zeros_is_p) {
  const std::size_t count = 1 << 20;
  for (const double p : {0.1, 0.2, 0.5, 0.9}) {
    double zeros = 0.0, sum = 0.0;
    for (const float v : mask(count, p)) zeros += v == 0.0f, sum += v;
    const double sigma = std::sqrt(p * (1 - p) / count);
    BOOST_TEST(std::abs(zeros / count - p) < 4 * sigma + 1.0 / 65536);
    BOOST_TEST(std::abs(sum / count - 1.0) < (4 * sigma + 1.0 / 65536) / (1 - p));
  }
}

BOOST_AUTO_TEST_CASE(p_of_zero_keeps_all_and_of_one_drops_all) {
  for (const float v : mask(300, 0.0)) BOOST_REQUIRE_EQUAL(v, 1.0f);
  for (const float v : mask(300, 1.0)) BOOST_REQUIRE_EQUAL(v, 0.0f);
}

BOOST_AUTO_TEST_CASE(p_outside_zero_to_one_is_refused) {
  for (const double p : {-0.01, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    BOOST_CHECK_THROW(mask(1, p), std::invalid_argument);
  }
}

// Two independent masks at p = 1/2 agree in half of their elements: 26,880 of them within 4 sigma = 0.0122.
BOOST_AUTO_TEST_CASE(every_field_of_the_key_changes_the_mask) {
  const auto reference = mask(26880, 0.5);
  DropoutKey seed_low = kKey, seed_high = kKey, stream = kKey, step = kKey, sample = kKey;
  seed_low.seed ^= 1;
  seed_high.seed ^= 1ull << 40;
  ++stream.stream, ++step.step, ++sample.sample;
  for (const auto& key : {seed_low, seed_high, stream, step, sample}) {
    BOOST_TEST(std::abs(agreement(reference, mask(26880, 0.5, key)) - 0.5) < 0.0122);
  }
  BOOST_TEST((mask(26880, 0.5) == reference));
}

BOOST_AUTO_TEST_CASE(neighbouring_elements_are_uncorrelated) {
  const auto values = mask(1 << 20, 0.5);
  for (const std::size_t lag : {1u, 2u, 8u, 16u, 32u, 128u, 256u}) {
    std::size_t same = 0;
    for (std::size_t i = lag; i < values.size(); ++i) same += values[i] == values[i - lag];
    BOOST_TEST(std::abs(static_cast<double>(same) / static_cast<double>(values.size() - lag) - 0.5) < 4 * 0.5 / 1024);
  }
}

BOOST_AUTO_TEST_CASE(a_sample_keeps_its_mask_wherever_it_stands_in_a_batch) {
  for (const std::size_t width : {256u, 24u}) {
    const std::size_t steps = 7, rows = 3;
    std::vector<DropoutKey> keys(rows, kKey);
    keys[0].sample = 5, keys[2].sample = 99;
    std::vector<float> x(steps * rows * width, 2.0f), y(x.size());
    apply_dropout(x, y, width, 0.2, keys);
    for (std::size_t b = 0; b < rows; ++b) {
      const auto expected = mask(steps * width, 0.2, keys[b]);
      for (std::size_t t = 0; t < steps; ++t) {
        for (std::size_t c = 0; c < width; ++c) {
          BOOST_REQUIRE_EQUAL(y[(t * rows + b) * width + c], 2.0f * expected[t * width + c]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nan_is_not_dropped) {
  std::vector<float> x(512, std::numeric_limits<float>::quiet_NaN());
  const std::array keys{kKey, kKey};
  apply_dropout(x, x, 256, 0.5, keys);
  for (const float v : x) BOOST_REQUIRE(std::isnan(v));
}

BOOST_AUTO_TEST_CASE(sizes_that_are_no_whole_steps_are_refused) {
  std::vector<float> x(100), y(100), z(99);
  const std::array keys{kKey, kKey};
  BOOST_CHECK_THROW(apply_dropout(x, y, 24, 0.5, keys), std::invalid_argument);
  BOOST_CHECK_THROW(apply_dropout(x, z, 25, 0.5, keys), std::invalid_argument);
  BOOST_CHECK_NO_THROW(apply_dropout(x, y, 25, 0.5, keys));
}

BOOST_AUTO_TEST_SUITE_END()
