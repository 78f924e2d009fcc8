#include "comm/task_pool.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "base/heartbeat_record.h"
#include "comm/activity.h"
#include "comm/heartbeat.h"
#include "comm/mailbox.h"
#include "comm/task_queue.h"
#include "comm/thread_group.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola::comm;
using moola::test::holds;
using moola::test::message_of;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

TaskQueue::Time at(double seconds) {
  return TaskQueue::Time(std::chrono::duration_cast<TaskQueue::Time::duration>(std::chrono::duration<double>(seconds)));
}

// What the queue hands out, one after the other; those of `failing` fail each time.
std::vector<std::size_t> order_of(TaskQueue& queue, const std::set<std::size_t>& failing = {}) {
  std::vector<std::size_t> out;
  while (const auto task = queue.next(0, at(0))) {
    out.push_back(*task);
    if (failing.contains(*task)) {
      queue.note_failed(*task, 0, "as expected");
    } else {
      queue.note_done(*task, 0, 1);
    }
  }
  return out;
}

using Numbers = std::vector<std::size_t>;

struct Letters {
  std::mutex mutex;
  std::map<int, std::deque<Letter>> to;
};

// Ranks that are threads, and have mailboxes.
class MailedGroup final : public Group, public PostOffice {
 public:
  MailedGroup(std::shared_ptr<ThreadGroup::Shared> shared, std::shared_ptr<Letters> letters, int rank)
      : group_(std::move(shared), rank), letters_(std::move(letters)) {}
  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }
  int host_rank() const override { return group_.host_rank(); }
  int host_size() const override { return group_.host_size(); }
  void barrier() override { group_.barrier(); }
  void broadcast(std::byte* data, std::size_t bytes, int root) override {
    if (bytes > 0) group_.broadcast(data, bytes, root);
  }
  void all_reduce(void* data, std::size_t count, Type type, Operation operation) override {
    group_.all_reduce(data, count, type, operation);
  }
  std::vector<std::string> gather(const std::string& mine, int root) override { return group_.gather(mine, root); }
  void exchange(std::span<const Send> sends, std::span<const Receive> receives) override {
    group_.exchange(sends, receives);
  }
  std::shared_ptr<Group> split(int colour, int key) override { return group_.split(colour, key); }
  std::unique_ptr<Mailbox> open_mailbox() override { return std::make_unique<Box>(letters_, rank()); }

 private:
  class Box final : public Mailbox {
   public:
    Box(std::shared_ptr<Letters> letters, int rank) : letters_(std::move(letters)), rank_(rank) {}
    void send(int to, std::string_view text) override {
      const std::lock_guard lock(letters_->mutex);
      letters_->to[to].push_back({rank_, std::string(text)});
    }
    std::optional<Letter> look() override {
      const std::lock_guard lock(letters_->mutex);
      auto& mine = letters_->to[rank_];
      if (mine.empty()) return std::nullopt;
      Letter first = mine.front();
      mine.pop_front();
      return first;
    }

   private:
    std::shared_ptr<Letters> letters_;
    int rank_;
  };

  ThreadGroup group_;
  std::shared_ptr<Letters> letters_;
};

// The result of each rank; a rank's `body` runs the pool.
using Body = std::function<TaskPoolResult(const Communicator&)>;
std::vector<TaskPoolResult> on_mailed_threads(int ranks, const Body& body) {
  const auto letters = std::make_shared<Letters>();
  const auto shared = std::make_shared<ThreadGroup::Shared>(ranks);
  std::vector<TaskPoolResult> results(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      results[static_cast<std::size_t>(rank)] =
          body(Communicator(std::make_shared<MailedGroup>(shared, letters, rank)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(std::all_of(letters->to.begin(), letters->to.end(), [](const auto& one) { return one.second.empty(); }),
             "letters were left behind");
  return results;
}

bool same(const TaskPoolResult& a, const TaskPoolResult& b) {
  const auto alike = [](const TaskFailure& x, const TaskFailure& y) {
    return x.task == y.task && x.message == y.message && x.rank == y.rank && x.attempts == y.attempts;
  };
  return a.done == b.done && a.seconds == b.seconds && a.stopped == b.stopped &&
         a.too_many_failures == b.too_many_failures &&
         std::equal(a.failed.begin(), a.failed.end(), b.failed.begin(), b.failed.end(), alike);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_queue)

BOOST_AUTO_TEST_CASE(the_longest_comes_first_and_of_equals_the_lowest_number) {
  TaskQueue queue(std::vector<double>{1, 3, 2, 3, 0, 2}, kAny, 1);
  BOOST_TEST(order_of(queue) == (Numbers{1, 3, 2, 5, 0, 4}), boost::test_tools::per_element());
  BOOST_TEST(queue.finished());
  BOOST_TEST(queue.result().failed.empty());
  BOOST_TEST(!queue.result().too_many_failures);
}

BOOST_AUTO_TEST_CASE(a_failed_task_is_tried_again_after_all_others_and_then_listed) {
  TaskQueue queue(std::vector<double>{1, 3, 2, 4}, kAny, 1);
  BOOST_TEST(order_of(queue, {0, 3}) == (Numbers{3, 1, 2, 0, 3, 0}), boost::test_tools::per_element());
  const TaskPoolResult result = queue.result();
  BOOST_TEST(result.failed.size() == 2U);
  BOOST_TEST(result.failed[0].task == 0U);
  BOOST_TEST(result.failed[1].task == 3U);
  BOOST_TEST(result.failed[1].attempts == 2);
  BOOST_TEST(result.failed[1].message == "as expected");
  BOOST_CHECK(result.done == (std::vector<bool>{false, true, true, false}));
  BOOST_CHECK(result.seconds == (std::vector<double>{0, 1, 1, 0}));
}

BOOST_AUTO_TEST_CASE(as_many_further_tries_as_asked_for) {
  for (const int retries : {0, 1, 3}) {
    TaskQueue queue(std::vector<double>{1}, kAny, retries);
    BOOST_TEST(order_of(queue, {0}).size() == static_cast<std::size_t>(retries + 1));
    BOOST_TEST(queue.result().failed.at(0).attempts == retries + 1);
  }
}

BOOST_AUTO_TEST_CASE(a_task_that_succeeds_at_last_is_no_failure) {
  TaskQueue queue(std::vector<double>{1}, 0, 1);
  queue.note_failed(queue.next(0, at(0)).value(), 0, "once");
  BOOST_TEST(!queue.finished());
  BOOST_TEST(queue.progress(at(0), 1).failed == 1U);
  queue.note_done(queue.next(4, at(0)).value(), 4, 1);
  BOOST_TEST(queue.finished());
  BOOST_TEST(queue.result().failed.empty());
  BOOST_TEST(!queue.result().too_many_failures);
}

// Of six tasks 0, 1 and 2 fail: two of them are allowed to, or are one too many.
BOOST_AUTO_TEST_CASE(more_failures_than_allowed_bring_their_second_tries_forward_and_end_it_all) {
  const std::vector<double> cost{6, 5, 4, 3, 2, 1};
  const std::set<std::size_t> failing{0, 1, 2};
  TaskQueue three(cost, 3, 1);
  BOOST_TEST(order_of(three, failing) == (Numbers{0, 1, 2, 3, 4, 5, 0, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(!three.result().too_many_failures);
  TaskQueue two(cost, 2, 1);
  BOOST_TEST(order_of(two, failing) == (Numbers{0, 1, 2, 0, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(two.finished());
  BOOST_TEST(two.result().too_many_failures);
  BOOST_TEST(two.result().failed.size() == 3U);
  TaskQueue none(cost, 0, 1);
  BOOST_TEST(order_of(none, failing) == (Numbers{0, 0}), boost::test_tools::per_element());
  BOOST_TEST(none.result().too_many_failures);
}

BOOST_AUTO_TEST_CASE(new_tasks_go_on_when_a_second_try_succeeds) {
  TaskQueue queue(std::vector<double>{3, 2, 1}, 0, 1);
  queue.note_failed(queue.next(0, at(0)).value(), 0, "once");
  BOOST_TEST(queue.next(0, at(0)).value() == 0U);
  BOOST_TEST(!queue.next(1, at(0)).has_value());  // until it is known how the second try ends
  BOOST_TEST(!queue.finished());
  queue.note_done(0, 0, 1);
  BOOST_TEST(order_of(queue) == (Numbers{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(queue.finished());
}

BOOST_AUTO_TEST_CASE(after_a_stop_nothing_is_begun_and_what_runs_ends) {
  TaskQueue queue(std::vector<double>{4, 3, 2, 1}, kAny, 1);
  for (int rank = 0; rank < 3; ++rank) queue.next(rank, at(0));
  queue.stop();
  BOOST_TEST(!queue.next(3, at(0)).has_value());
  BOOST_TEST(!queue.finished());
  queue.note_done(0, 0, 1);
  queue.note_failed(1, 1, "as expected");
  queue.note_left(2, 2);
  BOOST_TEST(queue.finished());
  BOOST_TEST(!queue.next(0, at(0)).has_value());
  const TaskPoolResult result = queue.result();
  BOOST_TEST(result.stopped);
  BOOST_CHECK(result.done == (std::vector<bool>{true, false, false, false}));
  BOOST_TEST(result.failed.size() == 1U);
  BOOST_TEST(result.failed[0].attempts == 1);
  BOOST_TEST(result.failed[0].rank == 1);
}

BOOST_AUTO_TEST_CASE(a_task_that_is_left_stops_all) {
  TaskQueue queue(std::vector<double>{2, 1}, kAny, 1);
  queue.note_left(queue.next(0, at(0)).value(), 0);
  BOOST_TEST(queue.finished());
  BOOST_TEST(queue.result().stopped);
  BOOST_TEST(queue.result().failed.empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_task_is_believed_of_its_own_rank_only) {
  TaskQueue queue(std::vector<double>{2, 1}, kAny, 1);
  queue.next(1, at(0));
  BOOST_TEST(holds(message_of<moola::CommError>([&] { queue.note_done(0, 2, 1); }), "rank 2 says how task 0 ended"));
  BOOST_CHECK_THROW(queue.note_failed(1, 1, ""), moola::CommError);
  queue.note_done(0, 1, 1);
  BOOST_CHECK_THROW(queue.note_left(0, 1), moola::CommError);
}

BOOST_AUTO_TEST_CASE(the_time_left_is_what_is_left_by_the_pace_so_far) {
  TaskQueue queue(std::vector<double>{8, 6, 4, 2, 2}, kAny, 1);
  BOOST_TEST(queue.next(0, at(0)).value() == 0U);
  BOOST_TEST(queue.next(1, at(0)).value() == 1U);
  BOOST_TEST(!queue.progress(at(1), 2).seconds_left.has_value());
  queue.note_done(1, 1, 3);  // half a second for each unit
  BOOST_TEST(queue.next(1, at(3)).value() == 2U);
  const TaskProgress now = queue.progress(at(3), 2);
  BOOST_TEST(now.done == 1U);
  BOOST_TEST(now.running == 2U);
  BOOST_TEST(now.failed == 0U);
  BOOST_TEST(now.total == 5U);
  // Task 0 has 4 - 3 seconds left, task 2 has 2, tasks 3 and 4 have 1 each: 5 over two ranks.
  BOOST_TEST(now.seconds_left.value() == 2.5, boost::test_tools::tolerance(1e-12));
  // Over ten ranks no less than the longest of them.
  BOOST_TEST(queue.progress(at(3), 10).seconds_left.value() == 2.0, boost::test_tools::tolerance(1e-12));
  // Task 0 is late, and expected at any time; a failed one counts again.
  queue.note_failed(2, 1, "as expected");
  BOOST_TEST(queue.progress(at(9), 2).seconds_left.value() == 2.0, boost::test_tools::tolerance(1e-12));
  queue.stop();
  BOOST_TEST(queue.progress(at(9), 2).seconds_left.value() == 0.0);
  queue.note_done(0, 0, 9);
  BOOST_TEST(queue.progress(at(9), 2).seconds_left.value() == 0.0);
}

BOOST_AUTO_TEST_CASE(every_kind_of_task_has_a_pace_of_its_own) {
  const std::vector<std::size_t> kinds{0, 0, 1, 1, 2};
  TaskQueue queue(std::vector<double>{4, 4, 2, 2, 1}, kAny, 1, kinds);
  BOOST_TEST(queue.next(0, at(0)).value() == 0U);
  BOOST_TEST(queue.next(1, at(0)).value() == 1U);
  queue.note_done(0, 0, 4);  // a second for each unit, as far as is known
  BOOST_TEST(queue.next(0, at(4)).value() == 2U);
  BOOST_TEST(queue.progress(at(4), 1).seconds_left.value() == 5.0, boost::test_tools::tolerance(1e-12));
  queue.note_done(1, 1, 4);
  // One of the other kind has run for 10 seconds: its like will not take less.
  BOOST_TEST(queue.progress(at(14), 1).seconds_left.value() == 11.0, boost::test_tools::tolerance(1e-12));
  queue.note_done(2, 0, 20);
  // 20 s for task 3, and for task 4 what all the others took: 28 s for 10 units.
  BOOST_TEST(queue.progress(at(24), 1).seconds_left.value() == 22.8, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(tasks_of_no_expected_cost_count_alike) {
  TaskQueue queue(std::vector<double>{0, 0, 0, 0}, kAny, 1);
  queue.note_done(queue.next(0, at(0)).value(), 0, 2);
  BOOST_TEST(queue.progress(at(2), 1).seconds_left.value() == 6.0, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(task_pool_alone)

BOOST_AUTO_TEST_CASE(a_solo_world_does_all_in_order_and_in_the_callers_thread) {
  Numbers order;
  const auto caller = std::this_thread::get_id();
  const TaskPoolResult result = run_tasks(Communicator(), std::vector<double>{1, 3, 2}, [&](std::size_t task) {
    BOOST_CHECK(std::this_thread::get_id() == caller);
    BOOST_TEST(activity().task == static_cast<std::int64_t>(task));
    if (task == 2) std::this_thread::sleep_for(5ms);
    order.push_back(task);
  });
  BOOST_TEST(order == (Numbers{1, 2, 0}), boost::test_tools::per_element());
  BOOST_CHECK(result.done == std::vector<bool>(3, true));
  BOOST_TEST(result.seconds[2] >= 0.005);
  BOOST_TEST(result.seconds[2] > result.seconds[0]);
  BOOST_TEST(result.failed.empty());
  BOOST_TEST(!result.stopped);
  BOOST_TEST(activity().task == -1);
}

BOOST_AUTO_TEST_CASE(whatever_a_task_throws_is_its_failure) {
  const TaskPoolResult result = run_tasks(Communicator(), std::vector<double>(4), [](std::size_t task) {
    if (task == 0) throw moola::DataError("no such fold");
    if (task == 1) throw 42;  // NOLINT(hicpp-exception-baseclass): what a foreign library might
    if (task == 2) throw std::runtime_error(std::string(10'000, 'x'));
  });
  BOOST_REQUIRE_EQUAL(result.failed.size(), 3U);
  BOOST_TEST(result.failed[0].message == "no such fold");
  BOOST_TEST(result.failed[0].attempts == 2);
  BOOST_TEST(holds(result.failed[1].message, "no exception of ours"));
  BOOST_TEST(result.failed[2].message.size() == 3000U);
  BOOST_CHECK(result.done == (std::vector<bool>{false, false, false, true}));
}

BOOST_AUTO_TEST_CASE(an_error_between_ranks_is_nobodys_failure) {
  int calls = 0;
  const auto run = [&] {
    run_tasks(Communicator(), std::vector<double>(3), [&](std::size_t) {
      ++calls;
      throw moola::CommError("rank 7 is gone");
    });
  };
  BOOST_TEST(message_of<moola::CommError>(run) == "rank 7 is gone");
  BOOST_TEST(calls == 1);
  BOOST_TEST(activity().task == -1);
}

BOOST_AUTO_TEST_CASE(a_stop_is_looked_for_before_each_task_and_may_leave_one_undone) {
  int calls = 0;
  TaskPoolResult result = run_tasks(Communicator(), std::vector<double>(5), [&](std::size_t) { ++calls; },
                                    {.stop_requested = [&] { return calls == 2; }});
  BOOST_TEST(result.stopped);
  BOOST_CHECK(result.done == (std::vector<bool>{true, true, false, false, false}));
  result = run_tasks(Communicator(), std::vector<double>(3), [&](std::size_t task) {
    if (task == 1) throw TaskStopped();
  });
  BOOST_TEST(result.stopped);
  BOOST_TEST(result.failed.empty());
  BOOST_CHECK(result.done == (std::vector<bool>{true, false, false}));
}

BOOST_AUTO_TEST_CASE(progress_is_told_around_each_task) {
  std::vector<std::pair<std::size_t, std::size_t>> told;  // running, done
  run_tasks(Communicator(), std::vector<double>(2), [](std::size_t) {},
            {.progress = [&](const TaskProgress& now) { told.emplace_back(now.running, now.done); }});
  BOOST_CHECK(told == (std::vector<std::pair<std::size_t, std::size_t>>{{1, 0}, {0, 1}, {1, 1}, {0, 2}}));
}

BOOST_AUTO_TEST_CASE(costs_that_say_nothing_are_refused) {
  const auto refused = [](std::vector<double> cost, int retries = 1) {
    return message_of<std::invalid_argument>([&] {
      run_tasks(Communicator(), cost, [](std::size_t) { BOOST_ERROR("a task was begun"); }, {.retries = retries});
    });
  };
  BOOST_TEST(holds(refused({1, std::nan("")}), "finite and not negative"));
  BOOST_TEST(holds(refused({-1}), "finite and not negative"));
  BOOST_TEST(holds(refused({HUGE_VAL}), "finite and not negative"));
  BOOST_TEST(holds(refused({1}, -1), "retries"));
  const TaskPoolResult nothing = run_tasks(Communicator(), {}, [](std::size_t) {});
  BOOST_TEST(nothing.done.empty());
  BOOST_TEST(!nothing.stopped);
}

BOOST_AUTO_TEST_CASE(a_task_that_computes_gets_on_and_one_that_stands_still_does_not) {
  note_step(7);
  const char* const before_tasks = activity().phase;
  const moola::test::TemporaryFolder folder;
  const Heartbeat heart(folder.path(), 0);
  // Until the heartbeat says so; the test's time limit is the limit.
  const auto wait_for = [&](const std::string& phase, std::int64_t step) {
    while (true) {
      const auto now = moola::read_heartbeat(moola::heartbeat_file(folder.path(), 0));
      if (now && now->phase == phase && now->step == step) return;
      std::this_thread::sleep_for(10ms);
    }
  };
  run_tasks(Communicator(), std::vector<double>(18), [&](std::size_t task) {
    if (task != 0 && task != 17) return;
    const std::string name = "task " + std::to_string(task);
    wait_for(name, -1);
    const std::uint64_t before = activity().changes;
    const auto began = std::chrono::steady_clock::now();
    if (task == 0) {
      std::this_thread::sleep_for(2300ms);  // two looks at the CPU time at least
      BOOST_TEST(activity().changes == before);
    } else {
      while (activity().changes == before) {
      }
      const WaitingIn waiting("barrier");
      const std::uint64_t then = activity().changes;
      while (std::chrono::steady_clock::now() - began < 4s) {
      }
      // The look that was under way when the wait began may still have counted.
      BOOST_TEST(activity().changes <= then + 1);
      note_phase("evaluation");
      wait_for(name + ", evaluation", -1);
      note_step(41);
      wait_for(name, 41);
    }
  });
  BOOST_TEST(activity().step == 7);
  BOOST_TEST(activity().phase.load() == before_tasks);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(task_pool_over_threads)

BOOST_AUTO_TEST_CASE(others_are_answered_while_rank_0_is_at_a_task) {
  for (const int ranks : {2, 3, 5}) {
    constexpr std::size_t kTasks = 50;
    std::atomic<std::size_t> by_others{0}, by_rank_0{0};
    const auto results = on_mailed_threads(ranks, [&](const Communicator& world) {
      return run_tasks(world, std::vector<double>(kTasks, 1.0), [&, rank = world.rank()](std::size_t) {
        // Rank 0 does not leave its first task before all others are done.
        if (rank > 0) ++by_others;
        while (rank == 0 && by_others + 1 < kTasks) std::this_thread::sleep_for(100us);
        if (rank == 0) ++by_rank_0;
      });
    });
    BOOST_TEST(by_others + by_rank_0 == kTasks);
    BOOST_TEST(by_rank_0 <= 1U);
    for (const TaskPoolResult& result : results) {
      BOOST_CHECK(result.done == std::vector<bool>(kTasks, true));
      BOOST_CHECK(same(result, results.front()));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_rank_without_a_task_takes_over_what_fails_on_another) {
  // Either of the two may be the one that fails: the other one waits for it meanwhile, with nothing else to do.
  for (const int failing : {0, 1}) {
    std::atomic<bool> begun{false}, rest_done{false};
    std::atomic<int> second_try{-1};
    const auto results = on_mailed_threads(2, [&](const Communicator& world) {
      return run_tasks(world, std::vector<double>{2, 1}, [&, rank = world.rank()](std::size_t) {
        if (rank == failing && !begun.exchange(true)) {
          while (!rest_done) std::this_thread::sleep_for(1ms);
          std::this_thread::sleep_for(20ms);
          throw std::runtime_error("as expected");
        }
        while (!begun) std::this_thread::sleep_for(1ms);
        if (rest_done.exchange(true)) second_try = rank;
      });
    });
    BOOST_TEST(second_try == 1 - failing);
    BOOST_CHECK(results[1].done == std::vector<bool>(2, true));
    BOOST_TEST(results[1].failed.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_stop_on_any_rank_reaches_all_also_from_one_that_only_waits) {
  // Two tasks for three ranks: one rank only waits. Whichever asks to stop, no second try may be handed out.
  for (int stopping = 0; stopping < 3; ++stopping) {
    std::atomic<bool> stop{false}, told{false};
    std::atomic<int> attempts{0};
    const auto results = on_mailed_threads(3, [&](const Communicator& world) {
      const int rank = world.rank();
      return run_tasks(world, std::vector<double>(2, 1.0),
                       [&, rank](std::size_t) {
                         ++attempts;
                         while (attempts < 2) std::this_thread::sleep_for(100us);
                         stop = true;
                         while (rank != stopping && !told) std::this_thread::sleep_for(100us);
                         if (rank != stopping) std::this_thread::sleep_for(100ms);  // longer than any letter takes
                         throw std::runtime_error("as expected");
                       },
                       {.stop_requested = [&, rank] {
                         if (rank != stopping || !stop) return false;
                         told = true;
                         return true;
                       }});
    });
    BOOST_TEST(attempts == 2);
    for (const TaskPoolResult& result : results) {
      BOOST_TEST(result.stopped);
      BOOST_TEST(result.failed.size() == 2U);
      BOOST_CHECK(result.done == std::vector<bool>(2, false));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_task_left_on_another_rank_stops_all) {
  std::atomic<std::size_t> calls{0};
  const auto results = on_mailed_threads(2, [&](const Communicator& world) {
    return run_tasks(world, std::vector<double>(1000, 1.0), [&, rank = world.rank()](std::size_t) {
      ++calls;
      if (rank == 1) throw TaskStopped();
      std::this_thread::sleep_for(1ms);
    });
  });
  for (const TaskPoolResult& result : results) {
    BOOST_TEST(result.stopped);
    BOOST_TEST(result.failed.empty());
    BOOST_TEST(static_cast<std::size_t>(std::count(result.done.begin(), result.done.end(), true)) == calls - 1);
  }
  BOOST_TEST(calls < 1000U);
}

BOOST_AUTO_TEST_CASE(what_ends_the_pool_on_rank_0_is_thrown_there) {
  for (const bool by_progress : {true, false}) {
    const auto letters = std::make_shared<Letters>();
    const auto shared = std::make_shared<ThreadGroup::Shared>(2);
    const auto group = [&](int rank) { return Communicator(std::make_shared<MailedGroup>(shared, letters, rank)); };
    const std::vector<double> cost(3);
    // Rank 1 ends when it is told to, not by the pool, which is broken.
    std::string end_of_1;
    std::thread other([&] {
      end_of_1 = message_of<moola::CommError>(
          [&] { run_tasks(group(1), cost, [](std::size_t) { throw moola::CommError("told to leave"); }); });
    });
    TaskPoolOptions options;
    if (by_progress) options.progress = [](const TaskProgress&) { throw std::runtime_error("no terminal"); };
    BOOST_TEST(message_of([&] {
                 run_tasks(
                     group(0), cost,
                     [&](std::size_t) {
                       std::this_thread::sleep_for(20ms);
                       if (!by_progress) throw moola::CommError("no terminal");
                     },
                     options);
               }) == "no terminal");
    // Had rank 1 not got a task before, it would wait for one for ever.
    {
      const std::lock_guard lock(letters->mutex);
      const std::uint64_t task = 0;
      letters->to[1].push_back({0, std::string(reinterpret_cast<const char*>(&task), sizeof task)});
    }
    other.join();
    BOOST_TEST(end_of_1 == "told to leave");
  }
}

BOOST_AUTO_TEST_CASE(ranks_that_differ_in_the_number_of_tasks_are_all_told) {
  std::atomic<int> refused{0};
  on_mailed_threads(3, [&](const Communicator& world) {
    try {
      return run_tasks(world, std::vector<double>(world.rank() == 2 ? 4 : 5), [](std::size_t) {});
    } catch (const std::invalid_argument&) {
      ++refused;
      return TaskPoolResult{};
    }
  });
  BOOST_TEST(refused == 3);
}

BOOST_AUTO_TEST_CASE(a_solo_world_has_no_mailbox) {
  BOOST_CHECK_THROW(Communicator().open_mailbox(), moola::CommError);
}

// Random lengths, failures, limits and stops: every task is done once, or failed, or was not handed out.
BOOST_AUTO_TEST_CASE(every_task_ends_as_it_should_whatever_happens) {
  for (std::uint64_t run = 0; run < 200; ++run) {
    std::mt19937_64 random(run);
    const int ranks = 2 + static_cast<int>(random() % 4);
    const std::size_t tasks = random() % 40;
    const int retries = static_cast<int>(random() % 3);
    const std::size_t limit = random() % 3 == 0 ? random() % 4 : kAny;
    const int stopping = random() % 3 == 0 ? static_cast<int>(random() % static_cast<std::uint64_t>(ranks)) : -1;
    const std::size_t stop_after = tasks > 0 ? random() % tasks : 0;
    std::vector<double> cost(tasks);
    std::vector<int> fails(tasks);  // how often
    for (std::size_t i = 0; i < tasks; ++i) {
      cost[i] = static_cast<double>(random() % 300);
      fails[i] = random() % 5 == 0 ? 1 + static_cast<int>(random() % 3) : 0;
    }
    std::vector<std::atomic<int>> attempts(tasks), successes(tasks);
    std::atomic<std::size_t> begun{0};
    const auto results = on_mailed_threads(ranks, [&](const Communicator& world) {
      return run_tasks(world, cost,
                       [&](std::size_t task) {
                         ++begun;
                         std::this_thread::sleep_for(std::chrono::duration<double, std::micro>(cost[task]));
                         if (attempts[task].fetch_add(1) < fails[task]) throw std::runtime_error("as expected");
                         ++successes[task];
                       },
                       {.stop_requested = [&, rank = world.rank()] { return rank == stopping && begun > stop_after; },
                        .max_failures = limit,
                        .retries = retries});
    });
    const TaskPoolResult& result = results.front();
    for (const TaskPoolResult& other : results) BOOST_REQUIRE(same(result, other));
    BOOST_REQUIRE_EQUAL(result.done.size(), tasks);
    std::map<std::size_t, int> failed;
    for (const TaskFailure& one : result.failed) failed[one.task] = one.attempts;
    std::size_t for_good = 0;
    for (std::size_t i = 0; i < tasks; ++i) {
      BOOST_REQUIRE_EQUAL(successes[i].load(), result.done[i] ? 1 : 0);
      BOOST_REQUIRE_LE(attempts[i].load(), retries + 1);
      BOOST_REQUIRE(!(result.done[i] && failed.contains(i)));
      BOOST_REQUIRE_EQUAL(attempts[i].load(), result.done[i] ? fails[i] + 1 : failed.contains(i) ? failed[i] : 0);
      if (failed.contains(i) && failed[i] == retries + 1) ++for_good;
    }
    BOOST_REQUIRE_EQUAL(result.too_many_failures, for_good > limit);
    if (!result.stopped && !result.too_many_failures) {
      for (std::size_t i = 0; i < tasks; ++i) BOOST_REQUIRE_EQUAL(result.done[i], fails[i] <= retries);
    }
    if (stopping < 0) BOOST_REQUIRE(!result.stopped);
  }
}

BOOST_AUTO_TEST_SUITE_END()
