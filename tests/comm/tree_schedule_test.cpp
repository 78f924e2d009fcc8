#include "comm/tree_schedule.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <deque>
#include <map>
#include <string>

using namespace moola::comm;

namespace {

// The definition, in words of brackets: what is added to what, in which order.
std::string tree(int low, int high) {
  if (high - low == 1) return std::to_string(low);
  int half = 1;
  while (2 * half < high - low) half *= 2;
  return "(" + tree(low, low + half) + "+" + tree(low + half, high) + ")";
}

struct Simulation {
  std::string total;
  int left_over_messages = 0;
  bool stacks_fit = true;
};

// All ranks, round by round, over mailboxes.
Simulation simulate(int leaves, int ranks) {
  const Leaves shared(leaves, ranks);
  std::vector<TreeSchedule> plans;
  std::vector<std::vector<std::string>> stacks(static_cast<std::size_t>(ranks));
  Simulation result;
  std::size_t rounds = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    plans.push_back(tree_schedule(shared, rank));
    const TreeSchedule& plan = plans.back();
    auto& stack = stacks[static_cast<std::size_t>(rank)];
    for (int i = 0; i < shared.of(rank).size(); ++i) {
      stack.push_back(std::to_string(shared.of(rank).begin + i));
      result.stacks_fit &= static_cast<int>(stack.size()) <= plan.deepest;
      for (int merge = 0; merge < plan.merges_after[static_cast<std::size_t>(i)]; ++merge) {
        stack[stack.size() - 2] = "(" + stack[stack.size() - 2] + "+" + stack.back() + ")";
        stack.pop_back();
      }
    }
    result.stacks_fit &= static_cast<int>(stack.size()) == plan.pieces;
    rounds = std::max(rounds, plan.rounds.size());
  }
  std::map<std::pair<int, int>, std::deque<std::string>> mail;
  for (std::size_t number = 0; number < rounds; ++number) {
    for (int rank = 0; rank < ranks; ++rank) {
      if (number >= plans[static_cast<std::size_t>(rank)].rounds.size()) continue;
      for (const auto& [peer, slot] : plans[static_cast<std::size_t>(rank)].rounds[number].sends) {
        mail[{rank, peer}].push_back(stacks[static_cast<std::size_t>(rank)].at(static_cast<std::size_t>(slot)));
      }
    }
    for (int rank = 0; rank < ranks; ++rank) {
      if (number >= plans[static_cast<std::size_t>(rank)].rounds.size()) continue;
      const auto& round = plans[static_cast<std::size_t>(rank)].rounds[number];
      auto& stack = stacks[static_cast<std::size_t>(rank)];
      std::vector<std::string> received(round.receives.size());
      for (const auto& [peer, buffer] : round.receives) {
        auto& box = mail[{peer, rank}];
        BOOST_REQUIRE(!box.empty());
        received.at(static_cast<std::size_t>(buffer)) = box.front();
        box.pop_front();
      }
      for (const auto& [into, from, is_received] : round.additions) {
        std::string& left = stack.at(static_cast<std::size_t>(into));
        left = "(" + left + "+" + (is_received ? received : stack).at(static_cast<std::size_t>(from)) + ")";
      }
    }
  }
  for (const auto& [pair, box] : mail) result.left_over_messages += static_cast<int>(box.size());
  result.total = stacks[0].at(0);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tree_schedule_of_ranks)

BOOST_AUTO_TEST_CASE(every_number_of_ranks_adds_the_same_leaves_in_the_same_brackets) {
  for (int leaves = 1; leaves <= 40; ++leaves) {
    for (int ranks = 1; ranks <= 9; ++ranks) {
      const Simulation done = simulate(leaves, ranks);
      BOOST_REQUIRE_MESSAGE(done.total == tree(0, leaves),
                            leaves << " leaves on " << ranks << " ranks: " << done.total);
      BOOST_REQUIRE_EQUAL(done.left_over_messages, 0);
      BOOST_REQUIRE(done.stacks_fit);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_stack_never_holds_more_than_a_few_more_than_the_logarithm_of_the_leaves) {
  for (int leaves = 1; leaves <= 300; ++leaves) {
    for (int ranks = 1; ranks <= 9; ++ranks) {
      for (int rank = 0; rank < ranks; ++rank) {
        const int deepest = tree_schedule(Leaves(leaves, ranks), rank).deepest;
        // A range begins and ends inside the tree: one chain of subtrees down from either end, plus the leaf in hand.
        BOOST_REQUIRE_LE(deepest, 2 * std::ceil(std::log2(std::max(leaves, 2))) + 1);
        if (ranks == 1) BOOST_REQUIRE_LE(deepest, std::ceil(std::log2(std::max(leaves, 2))) + 1);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(one_rank_needs_no_round) {
  BOOST_TEST(tree_schedule(Leaves(16, 1), 0).rounds.empty());
}

BOOST_AUTO_TEST_CASE(two_ranks_of_a_power_of_two_exchange_one_message) {
  const TreeSchedule first = tree_schedule(Leaves(16, 2), 0), second = tree_schedule(Leaves(16, 2), 1);
  BOOST_TEST(first.rounds.size() == 1U);
  BOOST_CHECK((first.rounds[0].receives == std::vector<TreeSchedule::Message>{{1, 0}}));
  BOOST_CHECK((second.rounds[0].sends == std::vector<TreeSchedule::Message>{{0, 0}}));
}

BOOST_AUTO_TEST_CASE(a_thousand_leaves_on_seven_ranks_are_done_in_few_rounds) {
  // Each level of the tree that spans ranks is a round at most.
  for (int rank = 0; rank < 7; ++rank) BOOST_TEST(tree_schedule(Leaves(1000, 7), rank).rounds.size() <= 10U);
}

BOOST_AUTO_TEST_SUITE_END()
