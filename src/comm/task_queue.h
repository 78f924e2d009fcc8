#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "comm/task_pool.h"

namespace moola::comm {

/// What of a pool's tasks is done, runs, and comes next: the rules of run_tasks without its ranks, threads and
/// messages.
class TaskQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Costs are finite and not negative. `kind`: as TaskPoolOptions has it.
  TaskQueue(std::span<const double> cost, std::size_t max_failures, int retries,
            std::span<const std::size_t> kind = {});

  /// The task that `rank` begins now; none: there is nothing to do at present, but there may be once a task that runs
  /// has failed, unless finished() says not. Cost O(log n).
  std::optional<std::size_t> next(int rank, Time now);

  /// How a task that `rank` had begun has ended. Each throws CommError when the rank has not begun it.
  void note_done(std::size_t task, int rank, double seconds);
  void note_failed(std::size_t task, int rank, std::string message);
  /// Because of a stop signal: also stops.
  void note_left(std::size_t task, int rank);

  /// Nothing more is handed out.
  void stop() { result_.stopped = true; }
  /// Nothing runs, and nothing will.
  bool finished() const { return running_.empty() && !more(); }

  /// With so many ranks at work. Cost O(ranks + kinds).
  TaskProgress progress(Time now, int ranks) const;
  /// When finished.
  TaskPoolResult result() const;

 private:
  struct Running {
    int rank;
    Time since;
  };
  struct Kind {
    double waiting_weight = 0, done_weight = 0, done_seconds = 0;
  };
  std::vector<double> weight_;     // expected length, in any unit
  std::vector<std::size_t> kind_;  // of each task
  std::vector<Kind> kinds_;
  std::vector<std::size_t> order_;  // longest first
  std::vector<std::size_t> place_;  // in that order
  std::size_t next_ = 0;            // of order_: tasks before it have been begun
  std::set<std::size_t> to_retry_;  // places
  std::map<std::size_t, Running> running_;
  std::map<std::size_t, TaskFailure> failing_;  // have failed and are not done
  std::size_t failed_for_good_ = 0, done_ = 0, max_failures_;
  int attempts_;
  TaskPoolResult result_;

  bool more() const;
  bool may_begin_new() const { return next_ < order_.size() && failing_.size() <= max_failures_; }
  void take_off(std::size_t task, int rank);
  Kind& kind_of(std::size_t task) { return kinds_[kind_[task]]; }
  std::vector<double> seconds_by_weight(Time now) const;
};

}  // namespace moola::comm
