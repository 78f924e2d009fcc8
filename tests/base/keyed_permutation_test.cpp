#include "base/keyed_permutation.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <unordered_set>
#include <vector>

using namespace moola;

BOOST_AUTO_TEST_SUITE(keyed_permutation)

BOOST_AUTO_TEST_CASE(every_index_is_met_once_for_every_small_n) {
  for (std::uint64_t n = 1; n <= 2000; ++n) {
    const KeyedPermutation order(n, 17, n);
    std::vector<bool> met(n);
    bool once = true;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t j = order(i);
      once = once && j < n && !met[j] && order.inverse(j) == i;
      if (j < n) met[j] = true;
    }
    BOOST_REQUIRE(once);
  }
}

BOOST_AUTO_TEST_CASE(large_n_are_permuted_too) {
  for (const std::uint64_t n : {1'005'098ULL, (1ULL << 20) + 1, (1ULL << 32) - 1, 1ULL << 32, (1ULL << 32) + 1,
                                10'000'000'000ULL, 1'000'000'000'000ULL, (1ULL << 62) + 1, 1ULL << 63, ~0ULL}) {
    const KeyedPermutation order(n, 1, 0);
    BOOST_TEST(order.size() == n);
    std::unordered_set<std::uint64_t> met;
    for (std::uint64_t k = 0; k < 20'000; ++k) {
      const std::uint64_t i = n / 20'000 * k;
      const std::uint64_t j = order(i);
      BOOST_REQUIRE(j < n);
      BOOST_REQUIRE(met.insert(j).second);
      BOOST_REQUIRE(order.inverse(j) == i);
    }
    BOOST_TEST(order.inverse(order(n - 1)) == n - 1);
  }
}

BOOST_AUTO_TEST_CASE(seed_and_epoch_change_the_order) {
  constexpr std::uint64_t kSize = 10'000;
  const KeyedPermutation one(kSize, 5, 0), same(kSize, 5, 0), epoch(kSize, 5, 1), seed(kSize, 6, 0),
      swapped(kSize, 0, 5);
  int as_epoch = 0, as_seed = 0, as_swapped = 0, in_place = 0;
  for (std::uint64_t i = 0; i < kSize; ++i) {
    BOOST_REQUIRE(one(i) == same(i));
    as_epoch += one(i) == epoch(i);
    as_seed += one(i) == seed(i);
    as_swapped += one(i) == swapped(i);
    in_place += one(i) == i;
  }
  // The agreements of two random orders, and the fixed points of one, are Poisson with mean 1: 12 is beyond one in
  // 10^9.
  BOOST_TEST(as_epoch < 12);
  BOOST_TEST(as_seed < 12);
  BOOST_TEST(as_swapped < 12);
  BOOST_TEST(in_place < 12);
}

BOOST_AUTO_TEST_CASE(where_an_index_goes_is_spread_evenly_over_the_epochs) {
  // 16 places, 50,000 epochs: Pearson's statistic with 15 degrees of freedom exceeds 56.5 once in a million.
  for (const std::uint64_t index : {0ULL, 7ULL, 15ULL}) {
    std::vector<int> counts(16);
    for (std::uint64_t epoch = 0; epoch < 50'000; ++epoch) ++counts[KeyedPermutation(16, 3, epoch)(index)];
    double statistic = 0;
    for (const int count : counts) statistic += (count - 3125.0) * (count - 3125.0) / 3125.0;
    BOOST_TEST(statistic < 56.5, "index " << index);
  }
}

BOOST_AUTO_TEST_CASE(neighbours_do_not_stay_neighbours) {
  // The distance of the images of two neighbours in [0, n) is n/3 on average, with deviation n/sqrt(18).
  constexpr std::uint64_t kSize = 100'003;
  const KeyedPermutation order(kSize, 11, 2);
  double distance = 0;
  for (std::uint64_t i = 0; i + 1 < kSize; ++i) {
    distance += std::abs(static_cast<double>(order(i)) - static_cast<double>(order(i + 1))) / (kSize - 1.0);
  }
  BOOST_TEST(std::abs(distance / kSize - 1.0 / 3) < 5 / std::sqrt(18.0 * kSize) * 1.5);
}

BOOST_AUTO_TEST_SUITE_END()
