#include "comm/communicator.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "mpi_test_world.h"

using namespace moola::comm;

namespace {

const Communicator& world() {
  return test_world().communicator();
}

// Longer than any one message of the tests' world.
constexpr std::size_t kLong = 12'345;

}  // namespace

BOOST_AUTO_TEST_SUITE(communicator)

BOOST_AUTO_TEST_CASE(ranks_are_numbered_and_share_this_host) {
  std::int64_t sum = world().rank();
  world().all_reduce_sum(std::span(&sum, 1));
  BOOST_TEST(sum == world().size() * (world().size() - 1) / 2);
  BOOST_TEST(world().host_size() == world().size());
  BOOST_TEST(world().host_rank() == world().rank());
}

BOOST_AUTO_TEST_CASE(an_idle_barrier_holds_all_until_the_last_and_uses_no_core) {
  const auto cpu = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  const double before = cpu();
  const auto began = std::chrono::steady_clock::now();
  if (world().rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(400));
  world().idle_barrier();
  BOOST_TEST(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() >
             (world().size() > 1 || world().rank() == 0 ? 0.3 : 0.0));
  BOOST_TEST(cpu() - before < 0.2);
}

BOOST_AUTO_TEST_CASE(a_broadcast_of_several_messages_arrives_from_every_root) {
  for (int root = 0; root < world().size(); ++root) {
    std::vector<float> values(kLong, static_cast<float>(world().rank()));
    world().broadcast(std::span(values), root);
    BOOST_TEST(std::count(values.begin(), values.end(), static_cast<float>(root)) == static_cast<long>(kLong));
  }
}

BOOST_AUTO_TEST_CASE(a_text_may_be_longer_on_the_root_than_elsewhere) {
  const std::string text(kLong, 'x');
  BOOST_CHECK(world().broadcast(world().rank() == 0 ? text : "short", 0) == text);
  BOOST_CHECK(world().broadcast(world().rank() == 0 ? "" : "ignored", 0).empty());
}

BOOST_AUTO_TEST_CASE(sums_and_maxima_reach_every_rank_in_all_three_types) {
  const double ranks = world().size();
  std::vector<float> floats(kLong, static_cast<float>(world().rank() + 1));
  world().all_reduce_sum(std::span(floats));
  BOOST_TEST(std::count(floats.begin(), floats.end(), static_cast<float>(ranks * (ranks + 1) / 2)) ==
             static_cast<long>(kLong));
  std::vector<double> doubles(kLong);
  std::iota(doubles.begin(), doubles.end(), 0.0);
  world().all_reduce_sum(std::span(doubles));
  BOOST_TEST(doubles[kLong - 1] == ranks * (kLong - 1));
  std::vector<std::int64_t> whole{std::int64_t{1} << 60, -world().rank()};
  world().all_reduce_max(std::span(whole));
  BOOST_TEST(whole[0] == std::int64_t{1} << 60);
  BOOST_TEST(whole[1] == 0);
  BOOST_TEST(world().any(world().rank() == world().size() - 1));
  BOOST_TEST(!world().any(false));
}

BOOST_AUTO_TEST_CASE(texts_of_any_length_are_gathered_in_rank_order) {
  const auto text = [](int rank) {
    return std::string(static_cast<std::size_t>(rank) * kLong, static_cast<char>('a' + rank));
  };
  const int root = world().size() - 1;
  const auto at_root = world().gather(text(world().rank()), root);
  BOOST_TEST(at_root.size() == (world().rank() == root ? static_cast<std::size_t>(world().size()) : 0U));
  const auto everywhere = world().all_gather(text(world().rank()));
  BOOST_REQUIRE_EQUAL(everywhere.size(), static_cast<std::size_t>(world().size()));
  for (int rank = 0; rank < world().size(); ++rank)
    BOOST_CHECK(everywhere[static_cast<std::size_t>(rank)] == text(rank));
}

BOOST_AUTO_TEST_CASE(messages_between_two_ranks_keep_their_order_also_when_all_send_at_once) {
  const int next = (world().rank() + 1) % world().size(),
            previous = (world().rank() + world().size() - 1) % world().size();
  if (world().size() == 1) return;
  const std::vector<float> first(kLong, static_cast<float>(world().rank())), second(3, 100.0F);
  std::vector<float> into_first(kLong), into_second(3), none;
  const std::vector<Send> sends{{next, first}, {next, second}, {next, none}};
  const std::vector<Receive> receives{{previous, into_first}, {previous, into_second}, {previous, none}};
  world().exchange(sends, receives);
  BOOST_TEST(into_first.front() == static_cast<float>(previous));
  BOOST_TEST(into_first.back() == static_cast<float>(previous));
  BOOST_TEST(into_second.back() == 100.0F);
}

BOOST_AUTO_TEST_CASE(a_split_groups_by_colour_and_orders_by_key) {
  const Communicator half = world().split(world().rank() % 2, -world().rank());
  const int expected = (world().size() + (world().rank() % 2 == 0 ? 1 : 0)) / 2;
  BOOST_TEST(half.size() == expected);
  BOOST_TEST(half.rank() == half.size() - 1 - world().rank() / 2);
  std::int64_t highest = world().rank();
  half.all_reduce_max(std::span(&highest, 1));
  BOOST_TEST(highest % 2 == world().rank() % 2);
}

BOOST_AUTO_TEST_CASE(a_negative_colour_is_left_alone) {
  const Communicator some = world().split(world().rank() == 0 ? -1 : 0, 0);
  BOOST_TEST(some.size() == (world().rank() == 0 ? 1 : world().size() - 1));
}

BOOST_AUTO_TEST_CASE(a_message_to_a_rank_that_does_not_exist_is_an_error_with_rank_and_call) {
  if (world().size() == 1) return;
  const std::vector<float> values(3);
  BOOST_CHECK_EXCEPTION(world().send(values, world().size()), moola::CommError, [](const moola::CommError& error) {
    const std::string text = error.what();
    return text.find("MPI_Isend") != text.npos && text.find("on rank " + std::to_string(world().rank())) != text.npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
