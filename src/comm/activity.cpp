#include "comm/activity.h"

#include <unistd.h>

namespace moola::comm {
namespace {

bool is_main_thread() {
  static thread_local const bool main = ::gettid() == ::getpid();
  return main;
}

}  // namespace

Activity& activity() {
  static Activity one;
  return one;
}

void note_step(std::int64_t step) {
  Activity& now = activity();
  now.step.store(step, std::memory_order_relaxed);
  now.phase.store("step", std::memory_order_relaxed);
  now.changes.fetch_add(1, std::memory_order_release);
}

void note_phase(const char* phase) {
  activity().phase.store(phase, std::memory_order_relaxed);
  activity().changes.fetch_add(1, std::memory_order_release);
}

WaitingIn::WaitingIn(const char* collective, int peer)
    : outer_(activity().collective.load(std::memory_order_relaxed)),
      outer_peer_(activity().peer.load(std::memory_order_relaxed)) {
  if (!is_main_thread()) return;
  Activity& now = activity();
  now.collective.store(outer_ != nullptr ? outer_ : collective, std::memory_order_relaxed);
  now.peer.store(peer, std::memory_order_relaxed);
  now.changes.fetch_add(1, std::memory_order_release);
}

WaitingIn::~WaitingIn() {
  if (!is_main_thread()) return;
  Activity& now = activity();
  now.collective.store(outer_, std::memory_order_relaxed);
  now.peer.store(outer_peer_, std::memory_order_relaxed);
  now.changes.fetch_add(1, std::memory_order_release);
}

AtTask::AtTask(std::size_t task)
    : outer_task_(activity().task.load(std::memory_order_relaxed)),
      outer_step_(activity().step.load(std::memory_order_relaxed)),
      outer_phase_(activity().phase.load(std::memory_order_relaxed)) {
  if (!is_main_thread()) return;
  activity().task.store(static_cast<std::int64_t>(task), std::memory_order_relaxed);
  activity().step.store(-1, std::memory_order_relaxed);
  note_phase("");
}

AtTask::~AtTask() {
  if (!is_main_thread()) return;
  activity().task.store(outer_task_, std::memory_order_relaxed);
  activity().step.store(outer_step_, std::memory_order_relaxed);
  note_phase(outer_phase_);
}

}  // namespace moola::comm
