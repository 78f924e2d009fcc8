#include "comm/task_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace moola::comm {

TaskQueue::TaskQueue(std::span<const double> cost, std::size_t max_failures, int retries)
    : weight_(cost.begin(), cost.end()),
      order_(cost.size()),
      place_(cost.size()),
      max_failures_(max_failures),
      attempts_(retries + 1) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });
  for (std::size_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
  // Without any expectation they are all alike.
  if (!order_.empty() && cost[order_.front()] == 0) std::fill(weight_.begin(), weight_.end(), 1.0);
  waiting_weight_ = std::accumulate(weight_.begin(), weight_.end(), 0.0);
  result_.done.resize(cost.size());
  result_.seconds.resize(cost.size());
}

bool TaskQueue::more() const {
  return !result_.stopped && !result_.too_many_failures && (may_begin_new() || !to_retry_.empty());
}

std::optional<std::size_t> TaskQueue::next(int rank, Time now) {
  if (!more()) return std::nullopt;
  std::size_t task = 0;
  if (may_begin_new()) {
    task = order_[next_++];
  } else {
    task = order_[*to_retry_.begin()];
    to_retry_.erase(to_retry_.begin());
  }
  waiting_weight_ -= weight_[task];
  running_[task] = {.rank = rank, .since = now};
  return task;
}

void TaskQueue::take_off(std::size_t task, int rank) {
  const auto found = running_.find(task);
  if (found == running_.end() || found->second.rank != rank)
    throw CommError(fmt::format("rank {} says how task {} ended, which it was not given.", rank, task));
  running_.erase(found);
}

void TaskQueue::note_done(std::size_t task, int rank, double seconds) {
  take_off(task, rank);
  failing_.erase(task);
  ++done_;
  done_weight_ += weight_[task];
  done_seconds_ += seconds;
  result_.done[task] = true;
  result_.seconds[task] = seconds;
}

void TaskQueue::note_failed(std::size_t task, int rank, std::string message) {
  take_off(task, rank);
  TaskFailure& failure = failing_[task];
  failure = {.task = task, .message = std::move(message), .rank = rank, .attempts = failure.attempts + 1};
  if (failure.attempts < attempts_) {
    to_retry_.insert(place_[task]);
    waiting_weight_ += weight_[task];
  } else if (++failed_for_good_ > max_failures_) {
    result_.too_many_failures = true;
  }
}

void TaskQueue::note_left(std::size_t task, int rank) {
  take_off(task, rank);
  waiting_weight_ += weight_[task];
  stop();
}

TaskProgress TaskQueue::progress(Time now, int ranks) const {
  TaskProgress out{.done = done_,
                   .running = running_.size(),
                   .failed = failing_.size(),
                   .total = weight_.size(),
                   .seconds_left = std::nullopt};
  if (finished()) out.seconds_left = 0;
  if (finished() || !(done_weight_ > 0)) return out;
  const double rate = done_seconds_ / done_weight_;
  double all = 0, longest = 0;
  for (const auto& [task, one] : running_) {
    const double left = std::max(0.0, rate * weight_[task] - std::chrono::duration<double>(now - one.since).count());
    all += left;
    longest = std::max(longest, left);
  }
  if (more()) {
    all += rate * waiting_weight_;
    if (next_ < order_.size()) longest = std::max(longest, rate * weight_[order_[next_]]);
    if (!to_retry_.empty()) longest = std::max(longest, rate * weight_[order_[*to_retry_.begin()]]);
  }
  out.seconds_left = std::max(all / ranks, longest);
  return out;
}

TaskPoolResult TaskQueue::result() const {
  TaskPoolResult out = result_;
  for (const auto& [task, failure] : failing_) out.failed.push_back(failure);
  return out;
}

}  // namespace moola::comm
