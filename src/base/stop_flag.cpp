#include "base/stop_flag.h"

#include <array>
#include <atomic>
#include <csignal>

namespace moola {
namespace {

constexpr std::array kSignals{SIGTERM, SIGUSR2, SIGHUP, SIGINT};

std::atomic<int> arrived{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch nothing that locks");
std::array<struct sigaction, kSignals.size()> before;

// Only what POSIX lists as async-signal-safe.
void note_signal(int number) {
  const int earlier = arrived.exchange(number, std::memory_order_relaxed);
  if (number == SIGINT && earlier == SIGINT) {
    ::signal(SIGINT, SIG_DFL);
    ::raise(SIGINT);
  }
}

}  // namespace

StopFlag::StopFlag() {
  arrived.store(0, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction ours {};
    ours.sa_handler = note_signal;
    ours.sa_flags = SA_RESTART;
    ::sigemptyset(&ours.sa_mask);
    ::sigaction(kSignals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &ours, nullptr);
  }
}

StopFlag::~StopFlag() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before[i], nullptr);
}

bool stop_requested() {
  return arrived.load(std::memory_order_relaxed) != 0;
}

const char* stop_signal_name() {
  switch (arrived.load(std::memory_order_relaxed)) {
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGHUP:
      return "SIGHUP";
    case SIGINT:
      return "SIGINT";
    default:
      return "";
  }
}

}  // namespace moola
