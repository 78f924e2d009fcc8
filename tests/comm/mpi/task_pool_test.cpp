#include "comm/task_pool.h"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "comm/mailbox.h"
#include "mpi_test_world.h"

using namespace moola::comm;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

const Communicator& world() {
  return test_world().communicator();
}

// The counts of all ranks together.
std::vector<std::int64_t> summed(std::vector<std::int64_t> counts) {
  world().all_reduce_sum(std::span<std::int64_t>(counts));
  return counts;
}

// Everything in the result, to compare it between ranks.
std::string text_of(const TaskPoolResult& result) {
  std::string out = result.stopped ? "stopped " : result.too_many_failures ? "too many " : "";
  for (std::size_t i = 0; i < result.done.size(); ++i)
    out += (result.done[i] ? '+' : '-') + std::to_string(result.seconds[i]) + ' ';
  for (const TaskFailure& one : result.failed) {
    out += std::to_string(one.task) + ' ' + one.message + ' ' + std::to_string(one.rank) + ' ' +
           std::to_string(one.attempts) + ';';
  }
  return out;
}

bool same_on_all_ranks(const TaskPoolResult& result) {
  const std::string mine = text_of(result);
  return !world().any(world().broadcast(mine, 0) != mine);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_pool)

BOOST_AUTO_TEST_CASE(letters_arrive_in_order_and_apart_from_all_else) {
  if (world().size() == 1) return;
  const auto mailbox = world().open_mailbox(), second = world().open_mailbox();
  const int next = (world().rank() + 1) % world().size(),
            previous = (world().rank() + world().size() - 1) % world().size();
  const std::string long_one(100'000, static_cast<char>('a' + world().rank()));
  const auto receive = [](Mailbox& box) {
    while (true) {
      if (const auto letter = box.look()) return *letter;
    }
  };
  second->send(next, "of another box");
  mailbox->send(next, "");
  mailbox->send(next, "first");
  std::int64_t ranks = 1;
  world().all_reduce_sum(std::span(&ranks, 1));
  BOOST_TEST(receive(*mailbox).text.empty());
  const Letter first = receive(*mailbox);
  BOOST_TEST(first.text == "first");
  BOOST_TEST(first.from == previous);
  // A long letter waits for its reader: even ranks write first.
  if (world().rank() % 2 == 0) mailbox->send(next, long_one);
  const std::string got = receive(*mailbox).text;
  if (world().rank() % 2 == 1) mailbox->send(next, long_one);
  BOOST_CHECK(got == std::string(100'000, static_cast<char>('a' + previous)));
  BOOST_TEST(!mailbox->look().has_value());
  BOOST_TEST(receive(*second).text == "of another box");
}

BOOST_AUTO_TEST_CASE(every_task_is_done_once_and_all_ranks_know) {
  for (const std::size_t tasks : {0, 1, 3, 5000}) {  // the last one's result goes in several messages
    std::vector<std::int64_t> done(tasks);
    const TaskPoolResult result =
        run_tasks(world(), std::vector<double>(tasks), [&](std::size_t task) { ++done[task]; });
    BOOST_CHECK(result.done == std::vector<bool>(tasks, true));
    BOOST_CHECK(summed(done) == std::vector<std::int64_t>(tasks, 1));
    BOOST_TEST(result.failed.empty());
    BOOST_TEST(!result.stopped);
    BOOST_TEST(same_on_all_ranks(result));
  }
}

BOOST_AUTO_TEST_CASE(the_others_are_served_while_rank_0_is_at_its_task) {
  constexpr std::size_t kTasks = 40;
  std::atomic<std::size_t> known_done{0};
  std::int64_t mine = 0;
  const TaskPoolResult result = run_tasks(world(), std::vector<double>(kTasks, 1.0),
                                          [&](std::size_t) {
                                            ++mine;
                                            // Rank 0 stays at its first task until all others are done.
                                            const bool stays = world().rank() == 0 && world().size() > 1;
                                            while (stays && known_done + 1 < kTasks) std::this_thread::sleep_for(1ms);
                                          },
                                          {.progress = [&](const TaskProgress& now) {
                                            known_done = now.done;
                                            BOOST_CHECK(now.total == kTasks);
                                          }});
  BOOST_CHECK(result.done == std::vector<bool>(kTasks, true));
  if (world().rank() == 0) BOOST_TEST(known_done == kTasks);
  if (world().rank() == 0 && world().size() > 1) BOOST_TEST(mine <= 1);
}

BOOST_AUTO_TEST_CASE(failures_of_every_rank_are_listed_with_their_words) {
  // Every fourth task fails always, every fourth of the others once.
  constexpr std::size_t kTasks = 32;
  std::vector<std::int64_t> attempts(kTasks);
  const std::string long_words(5000, 'x');
  std::vector<std::int64_t> done(kTasks);
  const TaskPoolResult result = run_tasks(world(), std::vector<double>(kTasks, 1.0), [&](std::size_t task) {
    ++attempts[task];
    std::this_thread::sleep_for(200us);
    if (task % 4 == 0) {
      throw std::runtime_error("task " + std::to_string(task) + " on rank " + std::to_string(world().rank()) +
                               (task == 8 ? long_words : ""));
    }
    ++done[task];
  });
  const auto all_attempts = summed(attempts), all_done = summed(done);
  for (std::size_t i = 0; i < kTasks; ++i) {
    BOOST_TEST(all_attempts[i] == (i % 4 == 0 ? 2 : 1));
    BOOST_TEST(all_done[i] == (i % 4 == 0 ? 0 : 1));
  }
  BOOST_REQUIRE_EQUAL(result.failed.size(), kTasks / 4);
  for (std::size_t i = 0; i < result.failed.size(); ++i) {
    const TaskFailure& one = result.failed[i];
    BOOST_TEST(one.task == 4 * i);
    BOOST_TEST(one.attempts == 2);
    const std::string words = "task " + std::to_string(one.task) + " on rank " + std::to_string(one.rank);
    BOOST_TEST(one.message == (one.task == 8 ? (words + long_words).substr(0, 3000) : words));
  }
  BOOST_TEST(same_on_all_ranks(result));
}

BOOST_AUTO_TEST_CASE(when_too_many_fail_the_rest_is_not_begun) {
  constexpr std::size_t kTasks = 1000;
  std::int64_t calls = 0;
  const TaskPoolResult result = run_tasks(world(), std::vector<double>(kTasks, 1.0),
                                          [&](std::size_t) {
                                            ++calls;
                                            std::this_thread::sleep_for(200us);
                                            throw std::runtime_error("as expected");
                                          },
                                          {.max_failures = 3});
  BOOST_TEST(result.too_many_failures);
  BOOST_TEST(!result.stopped);
  // Four failed, and whatever had been begun by then.
  BOOST_TEST(result.failed.size() >= 4U);
  BOOST_TEST(result.failed.size() <= static_cast<std::size_t>(4 + world().size()));
  BOOST_TEST(summed({calls})[0] <= 2 * (4 + world().size()));
  BOOST_TEST(same_on_all_ranks(result));
}

BOOST_AUTO_TEST_CASE(a_stop_on_any_rank_stops_all) {
  constexpr std::size_t kTasks = 2000;
  for (int stopping = 0; stopping < world().size(); ++stopping) {
    std::vector<std::int64_t> done(kTasks);
    const auto began = std::chrono::steady_clock::now();
    const TaskPoolResult result =
        run_tasks(world(), std::vector<double>(kTasks, 1.0),
                  [&](std::size_t task) {
                    std::this_thread::sleep_for(1ms);
                    ++done[task];
                  },
                  {.stop_requested = [&] {
                    return world().rank() == stopping && std::chrono::steady_clock::now() - began > 20ms;
                  }});
    BOOST_TEST(result.stopped);
    const auto all_done = summed(done);
    for (std::size_t i = 0; i < kTasks; ++i) BOOST_TEST(all_done[i] == (result.done[i] ? 1 : 0));
    BOOST_TEST(std::count(result.done.begin(), result.done.end(), false) > 0);
    BOOST_TEST(same_on_all_ranks(result));
  }
}

BOOST_AUTO_TEST_CASE(differing_numbers_of_tasks_are_refused_on_all_ranks) {
  if (world().size() == 1) return;
  const std::size_t tasks = world().rank() == world().size() - 1 ? 2 : 3;
  BOOST_CHECK_THROW(run_tasks(world(), std::vector<double>(tasks), [](std::size_t) {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_part_of_the_ranks_has_a_pool_of_its_own) {
  const Communicator part = world().split(world().rank() % 2, 0);
  std::vector<std::int64_t> done(20);
  const TaskPoolResult result = run_tasks(part, std::vector<double>(20), [&](std::size_t task) { ++done[task]; });
  BOOST_CHECK(result.done == std::vector<bool>(20, true));
  BOOST_CHECK(summed(done) == std::vector<std::int64_t>(20, world().size() > 1 ? 2 : 1));
}

// Random lengths, failures, limits and stops, many times: no run hangs, and each task is done once, has failed, or was
// not handed out. MOOLA_TASK_POOL_RUNS: how many runs.
BOOST_AUTO_TEST_CASE(every_task_ends_as_it_should_whatever_happens) {
  const char* asked = std::getenv("MOOLA_TASK_POOL_RUNS");
  const std::uint64_t runs = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 60;
  for (std::uint64_t run = 0; run < runs; ++run) {
    std::mt19937_64 random(run);  // the same on all ranks
    const std::size_t tasks = random() % 40;
    const int retries = static_cast<int>(random() % 3);
    const std::size_t limit = random() % 3 == 0 ? random() % 4 : kAny;
    const bool stops = random() % 3 == 0;
    const int stopping = stops ? static_cast<int>(random() % static_cast<std::uint64_t>(world().size())) : -1;
    const auto stop_after = std::chrono::microseconds(random() % 5000);
    std::vector<double> cost(tasks);
    std::vector<bool> fails(tasks);
    for (std::size_t i = 0; i < tasks; ++i) {
      cost[i] = static_cast<double>(random() % 20 == 0 ? random() % 5000 : random() % 500);
      fails[i] = random() % 5 == 0;
    }
    std::mt19937_64 chance(1000 * run + static_cast<std::uint64_t>(world().rank()));
    std::vector<std::int64_t> successes(tasks), attempts(tasks);
    const auto began = std::chrono::steady_clock::now();
    const TaskPoolResult result = run_tasks(
        world(), cost,
        [&](std::size_t task) {
          ++attempts[task];
          std::this_thread::sleep_for(std::chrono::duration<double, std::micro>(cost[task]));
          if (fails[task] && chance() % 4 != 0) throw std::runtime_error("as expected");
          ++successes[task];
        },
        {.stop_requested =
             [&] { return world().rank() == stopping && std::chrono::steady_clock::now() - began > stop_after; },
         .max_failures = limit,
         .retries = retries});
    BOOST_REQUIRE(same_on_all_ranks(result));
    const auto all_successes = summed(successes), all_attempts = summed(attempts);
    std::map<std::size_t, int> failed;
    for (const TaskFailure& one : result.failed) failed[one.task] = one.attempts;
    std::size_t for_good = 0;
    for (std::size_t i = 0; i < tasks; ++i) {
      BOOST_REQUIRE_EQUAL(all_successes[i], result.done[i] ? 1 : 0);
      BOOST_REQUIRE(!(result.done[i] && failed.contains(i)));
      if (!result.done[i]) BOOST_REQUIRE_EQUAL(all_attempts[i], failed.contains(i) ? failed[i] : 0);
      BOOST_REQUIRE_LE(all_attempts[i], retries + 1);
      if (failed.contains(i) && failed[i] == retries + 1) ++for_good;
    }
    BOOST_REQUIRE_EQUAL(result.too_many_failures, for_good > limit);
    if (!result.stopped && !result.too_many_failures) {
      for (std::size_t i = 0; i < tasks; ++i) {
        BOOST_REQUIRE(result.done[i] || all_attempts[i] == retries + 1);
        BOOST_REQUIRE(result.done[i] || fails[i]);
      }
    }
    if (!stops) BOOST_REQUIRE(!result.stopped);
  }
}

BOOST_AUTO_TEST_SUITE_END()
