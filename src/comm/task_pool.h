#pragma once
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.h"

namespace moola::comm {

/// How far a pool has come.
struct TaskProgress {
  std::size_t done = 0, running = 0;
  std::size_t failed = 0;  // have failed and are not done, whether or not they get another try
  std::size_t total = 0;
  /// Expected seconds until all is done that will be handed out, by what the tasks done so far took for their cost;
  /// none before that can be said.
  std::optional<double> seconds_left;
};

struct TaskPoolOptions {
  /// Whether this process was asked to stop; none: never. Cheap, for it is asked up to a thousand times a second; on
  /// rank 0 by two threads, though never by both at once.
  std::function<bool()> stop_requested = {};
  /// How many tasks may fail for good. With more of them failing, those get their further tries before any new task is
  /// begun; if that leaves more of them failed for good, nothing more is handed out. Rank 0's counts.
  std::size_t max_failures = std::numeric_limits<std::size_t>::max();
  /// Further tries of a task that has failed, on whichever rank is free after all other tasks. Rank 0's counts.
  int retries = 1;
  /// (tasks) Which are of one kind, numbered from 0: how long those of a kind that are done took for their cost says
  /// how long its others will. Empty: all are of one. Rank 0's counts.
  std::vector<std::size_t> kind = {};
  /// Called on rank 0 when something has changed, many changes at once perhaps, and when all is over; by a thread that
  /// runs beside the tasks, or in a solo world by the caller's after each task. What it throws ends the pool.
  std::function<void(const TaskProgress&)> progress = {};
};

/// A task that failed and was never done.
struct TaskFailure {
  std::size_t task = 0;
  std::string message;  // of the last attempt's exception, its first 3000 bytes
  int rank = 0;         // of the last attempt
  int attempts = 0;
};

/// Every task is done, or among the failed, or was not handed out (or left by a TaskStopped).
struct TaskPoolResult {
  std::vector<bool> done;
  std::vector<double> seconds;      // that the tasks done took, in wall time; 0 for the others
  std::vector<TaskFailure> failed;  // by number
  bool stopped = false;             // some rank was asked to stop before all ranks had learned that all is over
  bool too_many_failures = false;   // more than max_failures have failed for good
};

/// Thrown by a task that saw the stop signal and left its work undone. It is no failure: the pool stops.
class TaskStopped : public std::exception {
 public:
  const char* what() const noexcept override { return "the task was left undone because of a stop signal"; }
};

/// Calls work(0) ... work(cost.size() - 1), each on one of the ranks, and returns the same on all of them.
///
/// Tasks are handed out as ranks get free, the longest expected ones first (`cost`, in any unit; ties by number). Rank
/// 0 works too: a thread beside it answers the others, on messages of their own. It looks for them every few
/// microseconds after one has come and less and less often after that, once in 10 ms at last: a rank waits for its next
/// task 3 % of the former one's length on average, and 0.5 to 5 ms when that was long. Nobody uses a core for waiting.
///
/// An exception of `work` is a failure of its task, but for two: CommError is thrown on (the other ranks wait until the
/// job is ended, as run_ranks does), and TaskStopped. When any rank was asked to stop, nothing more is handed out, and
/// what runs goes to its end. In a solo world all is done by the caller's thread, in order.
///
/// Whether a task gets on is not for the pool to know. While one runs, the heartbeat names it and counts CPU time that
/// the process uses as getting on; so a task may take hours, but one that for the launcher's patience (5 minutes) only
/// waits, for a child process or a device, must note that itself (note_phase). Tasks do not use `world`'s collectives:
/// the other ranks are elsewhere. Which rank gets which task depends on time; what a task computes must not depend on
/// the rank.
///
/// Collective. `cost` is the same on all ranks. Throws std::invalid_argument on all ranks when their numbers of tasks
/// differ, a cost is negative or not finite, retries are negative, or there are kinds of some tasks alone.
TaskPoolResult run_tasks(const Communicator& world, std::span<const double> cost,
                         const std::function<void(std::size_t task)>& work, const TaskPoolOptions& options = {});

}  // namespace moola::comm
