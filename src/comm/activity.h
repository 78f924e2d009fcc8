#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace moola::comm {

/// What this process is at, for its heartbeat: a few atomics, so that noting it costs nanoseconds and never blocks.
struct Activity {
  std::atomic<std::int64_t> step{-1};            // -1: not in the training loop yet
  std::atomic<const char*> phase{"starting"};    // static texts only
  std::atomic<const char*> collective{nullptr};  // the collective it waits in; null while it computes
  std::atomic<int> peer{-1};                     // the rank it waits for; -1: all of them
  std::atomic<std::int64_t> task{-1};            // the task of a pool that it is at; -1: none
  std::atomic<std::uint64_t> changes{0};         // grows with each of the above
};

/// The one of this process.
Activity& activity();

/// The main thread has begun a step, or a phase outside the steps ("loading data"). A phase that may outlast the
/// launcher's patience notes itself again and again.
void note_step(std::int64_t step);
void note_phase(const char* phase);

/// While it lives the main thread (others are not noted) counts as waiting in `collective`. An outer scope keeps its
/// name: "tree reduction" says more than "receive".
class WaitingIn {
 public:
  explicit WaitingIn(const char* collective, int peer = -1);
  ~WaitingIn();
  WaitingIn(const WaitingIn&) = delete;
  WaitingIn& operator=(const WaitingIn&) = delete;

 private:
  const char* outer_;
  int outer_peer_;
};

/// While it lives the main thread (others are not noted) is at this task of a pool. The heartbeat then names the task,
/// and takes CPU time that the process uses outside of collectives for getting on: a task's code may know nothing of
/// phases and steps. Afterwards step and phase are what they were.
class AtTask {
 public:
  explicit AtTask(std::size_t task);
  ~AtTask();
  AtTask(const AtTask&) = delete;
  AtTask& operator=(const AtTask&) = delete;

 private:
  std::int64_t outer_task_, outer_step_;
  const char* outer_phase_;
};

}  // namespace moola::comm
