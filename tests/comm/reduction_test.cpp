#include "comm/reduction.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "comm/thread_group.h"

using namespace moola::comm;

namespace {

// Numbers of very different size, so that the order of additions shows in the last bits.
float gradient(int leaf, std::size_t i) {
  std::uint64_t mixed = (static_cast<std::uint64_t>(leaf) + 1) * 0x9E3779B97F4A7C15U ^ (i + 1) * 0xC2B2AE3D27D4EB4FU;
  mixed ^= mixed >> 29;
  mixed *= 0xBF58476D1CE4E5B9U;
  mixed ^= mixed >> 32;
  return std::ldexp(static_cast<float>(mixed % 2001) - 1000.0F, static_cast<int>(mixed >> 40) % 24 - 12);
}

template <class T, class Leaf>
T tree_sum(int low, int high, const Leaf& leaf) {
  if (high - low == 1) return leaf(low);
  int half = 1;
  while (2 * half < high - low) half *= 2;
  return tree_sum<T>(low, low + half, leaf) + tree_sum<T>(low + half, high, leaf);
}

struct Totals {
  std::vector<float> floats;
  std::vector<double> doubles;
};

Totals reduce(const Communicator& world, int leaves, std::size_t floats, ReduceMode mode) {
  const auto collectives = host_collectives(world);
  Reduction reduction(world, *collectives, floats, 2, mode);
  Totals totals{std::vector<float>(floats), std::vector<double>(2)};
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second step reuses the first one's buffers
    reduction.begin_step(leaves);
    std::vector<float> flat(floats);
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
      for (std::size_t i = 0; i < floats; ++i) flat[i] = gradient(leaf, i);
      const std::vector<double> values{1.0 / (leaf + 3), leaf == leaves - 1 ? 1.0 : 0.0};
      reduction.add_leaf(leaf, flat.data(), values);
    }
    reduction.finish(totals.floats.data(), totals.doubles);
  }
  return totals;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reduction_over_threads)

BOOST_AUTO_TEST_CASE(the_exact_sum_has_the_bits_of_the_tree_on_any_number_of_ranks) {
  for (const int leaves : {1, 2, 3, 5, 7, 8, 11, 13, 16, 31}) {
    for (const int ranks : {1, 2, 3, 4, 5, 7}) {
      on_threads(ranks, [&](const Communicator& world) {
        const Totals totals = reduce(world, leaves, 37, ReduceMode::exact);
        for (std::size_t i = 0; i < totals.floats.size(); ++i) {
          const float expected = tree_sum<float>(0, leaves, [&](int leaf) { return gradient(leaf, i); });
          if (std::bit_cast<std::uint32_t>(totals.floats[i]) != std::bit_cast<std::uint32_t>(expected)) {
            throw std::runtime_error("another bit at " + std::to_string(i) + ", leaves " + std::to_string(leaves));
          }
        }
        const auto loss = tree_sum<double>(0, leaves, [](int leaf) { return 1.0 / (leaf + 3); });
        if (totals.doubles[0] != loss || totals.doubles[1] != 1.0) throw std::runtime_error("another loss");
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(the_order_of_additions_shows_in_these_numbers) {
  // Otherwise the test above would prove nothing.
  int differing = 0;
  for (std::size_t i = 0; i < 37; ++i) {
    float in_turn = 0;
    for (int leaf = 0; leaf < 31; ++leaf) in_turn += gradient(leaf, i);
    differing += in_turn != tree_sum<float>(0, 31, [&](int leaf) { return gradient(leaf, i); });
  }
  BOOST_TEST(differing > 5);
}

BOOST_AUTO_TEST_CASE(the_fast_sum_is_close_also_with_ranks_that_own_no_leaf) {
  for (const int ranks : {1, 3, 5}) {
    on_threads(ranks, [&](const Communicator& world) {
      const Totals totals = reduce(world, 4, 37, ReduceMode::fast);
      for (std::size_t i = 0; i < totals.floats.size(); ++i) {
        double expected = 0, size = 0;
        for (int leaf = 0; leaf < 4; ++leaf) {
          expected += static_cast<double>(gradient(leaf, i));
          size += std::abs(static_cast<double>(gradient(leaf, i)));
        }
        if (std::abs(static_cast<double>(totals.floats[i]) - expected) > 1e-6 * size)
          throw std::runtime_error("far from the sum");
      }
      if (totals.doubles[1] != 1.0) throw std::runtime_error("the last leaf's flag is missing");
    });
  }
}

BOOST_AUTO_TEST_CASE(doubles_alone_are_reduced_without_a_gradient) {
  on_threads(3, [](const Communicator& world) {
    const auto collectives = host_collectives(world);
    Reduction reduction(world, *collectives, 0, 1, ReduceMode::exact);
    reduction.begin_step(100);
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
      const double value = leaf;
      reduction.add_leaf(leaf, nullptr, {&value, 1});
    }
    double total = 0;
    reduction.finish(nullptr, {&total, 1});
    if (total != 4950) throw std::runtime_error("another sum");
  });
}

BOOST_AUTO_TEST_CASE(a_mistyped_mode_names_the_nearest) {
  BOOST_CHECK(parse_reduce_mode("exact") == ReduceMode::exact);
  BOOST_CHECK_EXCEPTION(parse_reduce_mode("exat"), moola::ConfigError, [](const moola::ConfigError& error) {
    return std::string(error.what()).find("'exact'") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
