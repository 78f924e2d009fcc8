#include "base/keyed_random.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>
#include <vector>

using namespace moola;

namespace {

using Counter = std::array<std::uint32_t, 4>;

// Pearson's statistic of draws that should be equally likely.
double chi_square(const std::vector<int>& counts) {
  double total = 0, sum = 0;
  for (const int count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// Its value that is exceeded once in a million: Wilson and Hilferty's approximation with the normal quantile 4.7534.
double chi_square_limit(double degrees) {
  const double t = 1 - 2 / (9 * degrees) + 4.7534 * std::sqrt(2 / (9 * degrees));
  return degrees * t * t * t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyed_random)

// Random123 1.14, tests/kat_vectors, "philox4x32 10".
BOOST_AUTO_TEST_CASE(philox_gives_the_known_answers) {
  BOOST_TEST((philox4x32({0, 0, 0, 0}, {0, 0}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  BOOST_TEST((philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  BOOST_TEST((philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

BOOST_AUTO_TEST_CASE(draws_are_the_words_of_the_blocks_in_order) {
  // counter: block, sample, step, and the stream with the high parts of sample and step; key: the seed's halves.
  KeyedRandom random(0x1122334455667788, Stream::mask, 0x3'0000'0007, 0x5'0000'0009);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const Counter expected = philox4x32({block, 9, 7, 2U | 5U << 8 | 3U << 20}, {0x55667788, 0x11223344});
    for (const std::uint32_t word : expected) BOOST_TEST(random.bits() == word);
  }
}

BOOST_AUTO_TEST_CASE(the_same_key_gives_the_same_draws) {
  KeyedRandom one(7, Stream::order, 3, 4), other(7, Stream::order, 3, 4);
  for (int i = 0; i < 100; ++i) BOOST_TEST(one.bits() == other.bits());
}

BOOST_AUTO_TEST_CASE(each_part_of_the_key_matters) {
  std::set<std::uint64_t> first_words;
  const auto draw = [&](std::uint64_t seed, Stream stream, std::uint64_t step, std::uint64_t sample) {
    KeyedRandom random(seed, stream, step, sample);
    const std::uint64_t high = random.bits();
    first_words.insert(high << 32 | random.bits());
  };
  std::size_t draws = 0;
  for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32, 1ULL << 63}) {
    for (const Stream stream : {Stream::order, Stream::mask, Stream::augmentation}) {
      for (const std::uint64_t step : {0ULL, 1ULL, 1ULL << 32, 1ULL << 43}) {
        for (const std::uint64_t sample : {0ULL, 1ULL, 1ULL << 32, 1ULL << 43}) {
          draw(seed, stream, step, sample);
          ++draws;
        }
      }
    }
  }
  BOOST_TEST(first_words.size() == draws);
}

BOOST_AUTO_TEST_CASE(neighbouring_samples_steps_and_streams_are_uncorrelated) {
  // For n independent pairs the correlation is about normal with deviation 1 / sqrt(n); 5 deviations.
  constexpr int kPairs = 40'000;
  const auto correlation = [](const auto& partner) {
    double sum = 0;
    for (std::uint64_t i = 0; i < kPairs; ++i) {
      sum += (KeyedRandom(1, Stream::mask, 5, i).uniform() - 0.5) * (partner(i).uniform() - 0.5) * 12;
    }
    return std::abs(sum / kPairs);
  };
  const double limit = 5 / std::sqrt(double{kPairs});
  BOOST_TEST(correlation([](std::uint64_t i) { return KeyedRandom(1, Stream::mask, 5, i + 1); }) < limit);
  BOOST_TEST(correlation([](std::uint64_t i) { return KeyedRandom(1, Stream::mask, 6, i); }) < limit);
  BOOST_TEST(correlation([](std::uint64_t i) { return KeyedRandom(2, Stream::mask, 5, i); }) < limit);
  BOOST_TEST(correlation([](std::uint64_t i) { return KeyedRandom(1, Stream::dropout, 5, i); }) < limit);
}

BOOST_AUTO_TEST_CASE(uniform_stays_below_one_and_fills_its_range_evenly) {
  KeyedRandom random(1, Stream::mask, 0, 0);
  std::vector<int> counts(100);
  for (int i = 0; i < 1'000'000; ++i) {
    const float u = random.uniform();
    BOOST_REQUIRE(u >= 0.0F);
    BOOST_REQUIRE(u < 1.0F);
    ++counts[static_cast<std::size_t>(u * 100)];
  }
  BOOST_TEST(chi_square(counts) < chi_square_limit(99));
}

BOOST_AUTO_TEST_CASE(below_is_in_range_and_without_bias) {
  for (const std::uint32_t n : {1U, 2U, 3U, 7U, 100U, 1000U}) {
    KeyedRandom random(2, Stream::order, n, 0);
    std::vector<int> counts(n);
    for (int i = 0; i < 200'000; ++i) {
      const std::uint32_t value = random.below(n);
      BOOST_REQUIRE(value < n);
      ++counts[value];
    }
    if (n > 1) BOOST_TEST(chi_square(counts) < chi_square_limit(n - 1.0), "n = " << n);
  }
}

// With n = 3 * 2^30 a multiplication without rejection makes every third value twice as likely as the others.
BOOST_AUTO_TEST_CASE(below_is_without_bias_where_the_range_does_not_divide_the_words) {
  constexpr std::uint32_t kRange = 3U << 30;
  KeyedRandom random(3, Stream::order, 0, 0);
  std::vector<int> counts(3);
  for (int i = 0; i < 300'000; ++i) ++counts[random.below(kRange) % 3];
  BOOST_TEST(chi_square(counts) < chi_square_limit(2));
  BOOST_TEST(KeyedRandom(3, Stream::order, 0, 1).below(0xffffffff) < 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(normal_has_the_moments_of_a_normal) {
  // Of n draws the mean deviates by 1/sqrt(n), the variance by sqrt(2/n), the fourth moment (3) by sqrt(96/n).
  constexpr int kDraws = 400'000;
  KeyedRandom random(4, Stream::initial_weights, 0, 0);
  double mean = 0, square = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    BOOST_REQUIRE(std::isfinite(x));
    mean += x / kDraws;
    square += x * x / kDraws;
    fourth += x * x * x * x / kDraws;
  }
  BOOST_TEST(std::abs(mean) < 5 / std::sqrt(double{kDraws}));
  BOOST_TEST(std::abs(square - 1) < 5 * std::sqrt(2.0 / kDraws));
  BOOST_TEST(std::abs(fourth - 3) < 5 * std::sqrt(96.0 / kDraws));
}

BOOST_AUTO_TEST_SUITE_END()
