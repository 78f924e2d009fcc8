#include "comm/reduction.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "mpi_test_world.h"

using namespace moola::comm;

namespace {

float gradient(int leaf, std::size_t i) {
  return std::sin(static_cast<float>(leaf * 31 + 7) * static_cast<float>(i + 1)) * std::ldexp(1.0F, leaf % 19);
}

float tree_sum(int low, int high, std::size_t i) {
  if (high - low == 1) return gradient(low, i);
  int half = 1;
  while (2 * half < high - low) half *= 2;
  return tree_sum(low, low + half, i) + tree_sum(low + half, high, i);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reduction)

BOOST_AUTO_TEST_CASE(the_exact_sum_has_the_bits_of_the_tree_on_every_rank) {
  constexpr std::size_t kFloats = 5001;
  const Communicator& world = test_world().communicator();
  const auto collectives = host_collectives(world);
  Reduction reduction(world, *collectives, kFloats, 1, ReduceMode::exact);
  for (const int leaves : {16, 4, 7, 1, 29}) {
    reduction.begin_step(leaves);
    std::vector<float> flat(kFloats);
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
      for (std::size_t i = 0; i < kFloats; ++i) flat[i] = gradient(leaf, i);
      const double stop = leaf == leaves - 1 ? 1 : 0;
      reduction.add_leaf(leaf, flat.data(), {&stop, 1});
    }
    double stops = 0;
    reduction.finish(flat.data(), {&stops, 1});
    std::size_t differing = 0;
    for (std::size_t i = 0; i < kFloats; ++i) {
      differing += std::bit_cast<std::uint32_t>(flat[i]) != std::bit_cast<std::uint32_t>(tree_sum(0, leaves, i));
    }
    BOOST_TEST(differing == 0U);
    BOOST_TEST(stops == 1.0);
  }
}

BOOST_AUTO_TEST_CASE(the_fast_sum_is_identical_on_all_ranks) {
  constexpr std::size_t kFloats = 5001;
  const Communicator& world = test_world().communicator();
  const auto collectives = host_collectives(world);
  Reduction reduction(world, *collectives, kFloats, 0, ReduceMode::fast);
  reduction.begin_step(16);
  std::vector<float> flat(kFloats);
  for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
    for (std::size_t i = 0; i < kFloats; ++i) flat[i] = gradient(leaf, i);
    reduction.add_leaf(leaf, flat.data(), {});
  }
  reduction.finish(flat.data(), {});
  std::vector<float> rank_0 = flat;
  world.broadcast(std::span(rank_0), 0);
  BOOST_CHECK(rank_0 == flat);
}

BOOST_AUTO_TEST_SUITE_END()
