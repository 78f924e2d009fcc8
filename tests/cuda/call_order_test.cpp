// What a reduction asks of NCCL, seen by a fake of it: grouped and matched messages, the same collectives on all ranks,
// every failure passed on.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <sstream>

#include "base/error.h"
#include "comm/reduction.h"
#include "comm/thread_group.h"
#include "cuda/device.h"
#include "environment.h"
#include "fake/fake_cuda.h"

using namespace moola::comm;
using moola::cuda::open_accelerator;
using moola::cuda::resolve_device;

namespace {

constexpr std::size_t kFloats = 37;

std::vector<float> gradient(int leaf) {
  std::vector<float> values(kFloats);
  for (std::size_t i = 0; i < kFloats; ++i) {
    values[i] = std::sin(static_cast<float>(leaf * 31 + 7) * static_cast<float>(i + 1)) * std::ldexp(1.0F, leaf % 19);
  }
  return values;
}

std::vector<float> tree_sum(int low, int high) {
  if (high - low == 1) return gradient(low);
  int half = 1;
  while (2 * half < high - low) half *= 2;
  std::vector<float> left = tree_sum(low, low + half);
  const std::vector<float> right = tree_sum(low + half, high);
  for (std::size_t i = 0; i < kFloats; ++i) left[i] += right[i];
  return left;
}

struct Seen {
  std::vector<std::string> calls;
  std::vector<float> total;
};

// One step on so many ranks; what each asked for and got.
std::vector<Seen> one_step(int leaves, int ranks, ReduceMode mode) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), gpus("MOOLA_FAKE_CUDA_DEVICES", std::to_string(ranks));
  const auto loaded = open_accelerator();
  std::vector<Seen> seen(static_cast<std::size_t>(ranks));
  on_threads(ranks, [&](const Communicator& world) {
    const auto device = resolve_device("cuda", loaded, world);
    const auto collectives = moola::cuda::collectives_on(device, world);
    Reduction reduction(world, *collectives, kFloats, 1, mode);
    Seen& mine = seen[static_cast<std::size_t>(world.rank())];
    mine.total.assign(kFloats, -1.0F);
    std::vector<std::vector<float>> gradients;  // must last until the step is finished, as memory of a GPU's queue must
    double loss = 0;
    reduction.begin_step(leaves);
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) gradients.push_back(gradient(leaf));
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf) {
      reduction.add_leaf(leaf, gradients[static_cast<std::size_t>(leaf - reduction.own().begin)].data(), {&loss, 1});
    }
    reduction.finish(mine.total.data(), {&loss, 1});
    // Nothing on the fake's queue has run before a fence: without one in `finish` this would be no sum.
    if (mine.total[0] == -1.0F) throw std::runtime_error("the total was not awaited");
    mine.calls = dynamic_cast<CallLog&>(*collectives).calls();
  });
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(order_of_calls)

BOOST_AUTO_TEST_CASE(the_exact_tree_gives_the_bits_of_its_definition_on_a_queue) {
  for (const int leaves : {1, 3, 8, 13}) {
    const std::vector<float> expected = tree_sum(0, leaves);
    for (const int ranks : {1, 2, 3, 4, 5}) {
      for (const Seen& rank : one_step(leaves, ranks, ReduceMode::exact)) {
        for (std::size_t i = 0; i < kFloats; ++i) {
          BOOST_REQUIRE_EQUAL(std::bit_cast<std::uint32_t>(rank.total[i]), std::bit_cast<std::uint32_t>(expected[i]));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_message_that_is_sent_is_received_with_the_same_length_in_the_same_order) {
  for (const int leaves : {5, 8, 13, 16}) {
    for (const int ranks : {2, 3, 4, 5}) {
      const std::vector<Seen> seen = one_step(leaves, ranks, ReduceMode::exact);
      std::map<std::pair<int, int>, std::vector<std::string>> sent, received;
      for (int rank = 0; rank < ranks; ++rank) {
        for (const std::string& call : seen[static_cast<std::size_t>(rank)].calls) {
          std::istringstream words(call);
          std::string word, what;
          words >> word;
          if (word != "exchange") continue;
          while (words >> word >> what) {
            const int peer = std::stoi(what);
            if (word == "send") sent[{rank, peer}].push_back(what.substr(what.find('*')));
            if (word == "receive") received[{peer, rank}].push_back(what.substr(what.find('*')));
          }
        }
      }
      BOOST_TEST(!sent.empty());
      BOOST_CHECK(sent == received);
    }
  }
}

BOOST_AUTO_TEST_CASE(all_ranks_end_with_one_broadcast_from_rank_0) {
  for (const Seen& rank : one_step(13, 4, ReduceMode::exact)) {
    BOOST_REQUIRE_GE(rank.calls.size(), 2U);
    BOOST_TEST(rank.calls[rank.calls.size() - 2] == "broadcast 0*37");
    BOOST_TEST(std::count(rank.calls.begin(), rank.calls.end(), "broadcast 0*37") == 1);
    BOOST_TEST(std::count(rank.calls.begin(), rank.calls.end(), "all-reduce 37") == 0);
  }
}

BOOST_AUTO_TEST_CASE(fast_is_one_all_reduce_on_every_rank_and_no_message) {
  for (const Seen& rank : one_step(13, 4, ReduceMode::fast)) {
    BOOST_TEST(std::count(rank.calls.begin(), rank.calls.end(), "all-reduce 37") == 1);
    for (const std::string& call : rank.calls) BOOST_TEST(!call.starts_with("exchange"));
  }
}

BOOST_AUTO_TEST_CASE(a_rank_that_cannot_join_throws_and_a_missing_id_throws_on_all) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), gpus("MOOLA_FAKE_CUDA_DEVICES", "3");
  const auto loaded = open_accelerator();
  const auto errors_with = [&](const char* failure) {
    const Variable fail("MOOLA_FAKE_CUDA_FAIL", failure);
    std::atomic<int> errors{0};
    on_threads(3, [&](const Communicator& world) {
      try {
        moola::cuda::collectives_on(resolve_device("cuda", loaded, world), world);
      } catch (const moola::CommError&) {
        ++errors;
      }
    });
    return errors.load();
  };
  BOOST_TEST(errors_with("unique-id") == 3);
  BOOST_TEST(errors_with("init-1") == 1);
}

BOOST_AUTO_TEST_CASE(a_full_gpu_is_an_error_of_the_first_leaf) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), fail("MOOLA_FAKE_CUDA_FAIL", "memory");
  const auto collectives =
      moola::cuda::collectives_on(resolve_device("cuda", open_accelerator(), Communicator()), Communicator());
  Reduction reduction(Communicator(), *collectives, kFloats, 0, ReduceMode::exact);
  reduction.begin_step(2);
  const std::vector<float> first = gradient(0);
  BOOST_CHECK_THROW(reduction.add_leaf(0, first.data(), {}), moola::CommError);
}

BOOST_AUTO_TEST_CASE(an_asynchronous_error_is_found_while_queueing_or_waiting) {
  // Each step looks twice: when everything is queued, and when it has waited.
  for (const int failing : {3, 4, 5}) {
    const Variable library("MOOLA_CUDA_LIBRARY", fake_library()),
        fail("MOOLA_FAKE_CUDA_FAIL", "async-" + std::to_string(failing));
    const auto collectives =
        moola::cuda::collectives_on(resolve_device("cuda", open_accelerator(), Communicator()), Communicator());
    Reduction reduction(Communicator(), *collectives, kFloats, 0, ReduceMode::exact);
    const std::vector<float> first = gradient(0);
    std::vector<float> total(kFloats);
    int steps = 0;
    const auto step = [&] {
      reduction.begin_step(1);
      reduction.add_leaf(0, first.data(), {});
      reduction.finish(total.data(), {});
      ++steps;
    };
    for (int done = 0; done < (failing - 1) / 2; ++done) step();
    BOOST_CHECK_THROW(step(), moola::CommError);
    BOOST_TEST(steps == (failing - 1) / 2);
  }
}

BOOST_AUTO_TEST_SUITE_END()
