// The real library on real GPUs, one for each rank. Where there are fewer, the tests say so and prove nothing.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "comm/reduction.h"
#include "cuda/device.h"
#include "cuda/loader.h"
#include "mpi_test_world.h"

using namespace moola::comm;

namespace {

constexpr std::size_t kFloats = 100'003;

float value(int leaf, std::size_t i) {
  return std::sin(static_cast<float>(leaf * 31 + 7) * static_cast<float>(i + 1)) * std::ldexp(1.0F, leaf % 19);
}

float tree_sum(int low, int high, std::size_t i) {
  if (high - low == 1) return value(low, i);
  int half = 1;
  while (2 * half < high - low) half *= 2;
  return tree_sum(low, low + half, i) + tree_sum(low + half, high, i);
}

const moola::cuda::LoadedAccelerator& loaded() {
  static const moola::cuda::LoadedAccelerator one = moola::cuda::open_accelerator();
  return one;
}

bool every_rank_has_a_gpu() {
  const Communicator& world = test_world().communicator();
  const int gpus = loaded().accelerator != nullptr ? loaded().accelerator->device_count() : 0;
  if (!world.any(gpus < world.host_size())) return true;
  BOOST_TEST_MESSAGE("SKIPPED: " << world.size() << " ranks need as many GPUs, and this host shows " << gpus << " "
                                 << loaded().why_not);
  if (world.rank() == 0)
    std::fprintf(stderr, "SKIPPED, no GPU for each of %d ranks: %s\n", world.size(), loaded().why_not.c_str());
  return false;
}

std::vector<float> reduced(int leaves, ReduceMode mode) {
  const Communicator& world = test_world().communicator();
  const auto device = moola::cuda::resolve_device("cuda", loaded(), world);
  const auto collectives = moola::cuda::collectives_on(device, world);
  const FloatBuffer on_gpu = collectives->allocate(kFloats);
  Reduction reduction(world, *collectives, kFloats, 1, mode);
  std::vector<float> host(kFloats);
  double loss = 0;
  reduction.begin_step(leaves);
  for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
    for (std::size_t i = 0; i < kFloats; ++i) host[i] = value(leaf, i);
    collectives->copy(on_gpu.get(), host.data(), kFloats);
    collectives->fence();
    const double one = 1;
    reduction.add_leaf(leaf, on_gpu.get(), {&one, 1});
  }
  reduction.finish(on_gpu.get(), {&loss, 1});
  BOOST_TEST(loss == leaves);
  collectives->copy(host.data(), on_gpu.get(), kFloats);
  collectives->fence();
  return host;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nccl)

BOOST_AUTO_TEST_CASE(the_exact_sum_on_gpus_has_the_bits_of_the_tree_on_the_host) {
  if (!every_rank_has_a_gpu()) return;
  for (const int leaves : {16, 7, 1}) {
    const std::vector<float> total = reduced(leaves, ReduceMode::exact);
    std::size_t differing = 0;
    for (std::size_t i = 0; i < kFloats; ++i) {
      differing += std::bit_cast<std::uint32_t>(total[i]) != std::bit_cast<std::uint32_t>(tree_sum(0, leaves, i));
    }
    BOOST_TEST(differing == 0U);
  }
}

BOOST_AUTO_TEST_CASE(the_fast_sum_on_gpus_is_the_same_on_all_ranks) {
  if (!every_rank_has_a_gpu()) return;
  const std::vector<float> total = reduced(16, ReduceMode::fast);
  std::vector<float> rank_0 = total;
  test_world().communicator().broadcast(std::span(rank_0), 0);
  BOOST_CHECK(rank_0 == total);
}

BOOST_AUTO_TEST_CASE(the_accelerator_describes_itself) {
  if (!every_rank_has_a_gpu()) return;
  BOOST_TEST(!loaded().accelerator->versions().empty());
  BOOST_TEST(!loaded().accelerator->device_name(0).empty());
  loaded().accelerator->choose_device(0);
  BOOST_TEST(loaded().accelerator->memory().total > 0U);
  BOOST_TEST(loaded().accelerator->memory().free <= loaded().accelerator->memory().total);
  loaded().accelerator->synchronise();
}

BOOST_AUTO_TEST_SUITE_END()
