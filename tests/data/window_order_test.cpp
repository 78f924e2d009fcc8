#include "data/windows/window_order.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"

using namespace moola;
using namespace moola::data;

namespace {

std::vector<std::int64_t> visited(const WindowOrder& order, std::int64_t epoch) {
  std::vector<std::int64_t> samples;
  const EpochOrder positions = order.epoch(epoch);
  for (std::int64_t p = 0; p < order.size(); ++p) samples.push_back(positions(p));
  return samples;
}

std::vector<std::int64_t> everything(std::int64_t n) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<std::int64_t> sorted(std::vector<std::int64_t> values) {
  std::ranges::sort(values);
  return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_order)

BOOST_AUTO_TEST_CASE(the_inverse_of_a_permutation_undoes_it) {
  for (const std::uint64_t n : {1U, 2U, 3U, 17U, 1000U, 4097U}) {
    const KeyedPermutation permutation(n, 42, 3);
    for (std::uint64_t i = 0; i < n; ++i) BOOST_TEST(permutation.inverse(permutation(i)) == i);
  }
}

BOOST_AUTO_TEST_CASE(every_order_visits_every_sample_once) {
  for (const std::int64_t n : {1, 2, 7, 64, 100, 1001}) {
    BOOST_TEST(sorted(visited(WindowOrder::shuffled(n, 5), 2)) == everything(n), boost::test_tools::per_element());
    BOOST_TEST(visited(WindowOrder::sequential(n), 2) == everything(n), boost::test_tools::per_element());
    for (const std::int64_t block : {1, 3, 10, 64, 2000}) {
      for (const std::int64_t group : {1, 2, 5, 1000}) {
        for (const std::int64_t epoch : {0, 1, 2}) {
          BOOST_TEST_CONTEXT("n " << n << " block " << block << " group " << group << " epoch " << epoch)
          BOOST_TEST(sorted(visited(WindowOrder::blocked(n, 9, block, group), epoch)) == everything(n),
                     boost::test_tools::per_element());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(blocked_needs_no_more_than_the_group_at_a_time_and_each_block_once) {
  const std::int64_t n = 1003, block = 10, group = 4;  // 101 blocks, the last of 3; 26 groups, the last of one block
  for (std::int64_t epoch = 0; epoch < 40;
       ++epoch) {  // the short block has its turn early, late, and in the last group
    const std::vector<std::int64_t> samples = visited(WindowOrder::blocked(n, 1, block, group), epoch);
    std::set<std::int64_t> finished, held;
    std::int64_t due = 0;  // samples of the blocks held that are still to come
    bool right = true;
    for (const std::int64_t sample : samples) {
      const std::int64_t of = sample / block;
      if (due == 0) {
        finished.insert(held.begin(), held.end());
        held.clear();
      }
      right = right && !finished.contains(of);
      if (held.insert(of).second) due += std::min(block, n - of * block);
      right = right && held.size() <= static_cast<std::size_t>(group);
      --due;
    }
    BOOST_TEST(right);
  }
}

BOOST_AUTO_TEST_CASE(blocked_mixes_the_blocks_of_a_group) {
  const std::vector<std::int64_t> samples = visited(WindowOrder::blocked(1000, 1, 100, 5), 0);
  std::set<std::int64_t> early;
  for (std::size_t p = 0; p < 50; ++p) early.insert(samples[p] / 100);
  BOOST_TEST(early.size() == 5U);  // 50 draws miss one of 5 blocks once in 14,000 orders
}

BOOST_AUTO_TEST_CASE(an_order_is_a_function_of_seed_and_epoch) {
  for (const auto make : {+[](std::uint64_t seed) { return WindowOrder::shuffled(500, seed); },
                          +[](std::uint64_t seed) { return WindowOrder::blocked(500, seed, 50, 3); }}) {
    BOOST_TEST(visited(make(1), 4) == visited(make(1), 4), boost::test_tools::per_element());
    BOOST_TEST((visited(make(1), 4) != visited(make(1), 5)));
    BOOST_TEST((visited(make(1), 4) != visited(make(2), 4)));
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_million_samples_are_ordered_without_memory) {
  const WindowOrder order = WindowOrder::blocked(10'000'000'000, 3, 65'536, 64);
  for (const std::int64_t position : {std::int64_t{0}, std::int64_t{5'000'000'000}, std::int64_t{9'999'999'999}}) {
    BOOST_TEST(order(7, position) >= 0);
    BOOST_TEST(order(7, position) < order.size());
  }
}

BOOST_AUTO_TEST_CASE(a_mistyped_order_names_the_nearest) {
  BOOST_CHECK_EXCEPTION(parse_order("shufled"), ConfigError, [](const Error& error) {
    return std::string(error.what()).find("'shuffled'") != std::string::npos;
  });
  for (const char* name : {"shuffled", "blocked", "sequential"}) BOOST_TEST(to_string(parse_order(name)) == name);
  BOOST_CHECK_THROW(WindowOrder::blocked(5, 1, 0, 1), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
