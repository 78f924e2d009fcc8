#include "comm/task_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace moola::comm {

TaskQueue::TaskQueue(std::span<const double> cost, std::size_t max_failures, int retries,
                     std::span<const std::size_t> kind)
    : weight_(cost.begin(), cost.end()),
      kind_(kind.begin(), kind.end()),
      order_(cost.size()),
      place_(cost.size()),
      max_failures_(max_failures),
      attempts_(retries + 1) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });
  for (std::size_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
  // Without any expectation they are all alike.
  if (!order_.empty() && cost[order_.front()] == 0) std::fill(weight_.begin(), weight_.end(), 1.0);
  kind_.resize(cost.size());
  kinds_.resize(kind_.empty() ? 0 : 1 + *std::ranges::max_element(kind_));
  for (std::size_t task = 0; task < cost.size(); ++task) kind_of(task).waiting_weight += weight_[task];
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
  kind_of(task).waiting_weight -= weight_[task];
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
  kind_of(task).done_weight += weight_[task];
  kind_of(task).done_seconds += seconds;
  result_.done[task] = true;
  result_.seconds[task] = seconds;
}

void TaskQueue::note_failed(std::size_t task, int rank, std::string message) {
  take_off(task, rank);
  TaskFailure& failure = failing_[task];
  failure = {.task = task, .message = std::move(message), .rank = rank, .attempts = failure.attempts + 1};
  if (failure.attempts < attempts_) {
    to_retry_.insert(place_[task]);
    kind_of(task).waiting_weight += weight_[task];
  } else if (++failed_for_good_ > max_failures_) {
    result_.too_many_failures = true;
  }
}

void TaskQueue::note_left(std::size_t task, int rank) {
  take_off(task, rank);
  kind_of(task).waiting_weight += weight_[task];
  stop();
}

// By kind; none at all before a task is done. Of a kind of which none is, that of all the others, or what one has taken
// already.
std::vector<double> TaskQueue::seconds_by_weight(Time now) const {
  double weight = 0, seconds = 0;
  for (const Kind& each : kinds_) {
    weight += each.done_weight;
    seconds += each.done_seconds;
  }
  if (!(weight > 0)) return {};
  std::vector<double> out;
  for (const Kind& each : kinds_)
    out.push_back(each.done_weight > 0 ? each.done_seconds / each.done_weight : seconds / weight);
  for (const auto& [task, one] : running_) {
    if (kinds_[kind_[task]].done_weight > 0 || !(weight_[task] > 0)) continue;
    double& rate = out[kind_[task]];
    rate = std::max(rate, std::chrono::duration<double>(now - one.since).count() / weight_[task]);
  }
  return out;
}

TaskProgress TaskQueue::progress(Time now, int ranks) const {
  TaskProgress out{.done = done_,
                   .running = running_.size(),
                   .failed = failing_.size(),
                   .total = weight_.size(),
                   .seconds_left = std::nullopt};
  if (finished()) out.seconds_left = 0;
  if (finished()) return out;
  const std::vector<double> rates = seconds_by_weight(now);
  if (rates.empty()) return out;
  const auto expected = [&](std::size_t task) { return rates[kind_[task]] * weight_[task]; };
  double all = 0, longest = 0;
  for (const auto& [task, one] : running_) {
    const double left = std::max(0.0, expected(task) - std::chrono::duration<double>(now - one.since).count());
    all += left;
    longest = std::max(longest, left);
  }
  if (more()) {
    for (std::size_t k = 0; k < kinds_.size(); ++k) all += rates[k] * kinds_[k].waiting_weight;
    if (next_ < order_.size()) longest = std::max(longest, expected(order_[next_]));
    if (!to_retry_.empty()) longest = std::max(longest, expected(order_[*to_retry_.begin()]));
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
