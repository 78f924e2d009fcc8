#pragma once
#include <chrono>
#include <csignal>

namespace moola::launch {

/// SIGTERM, SIGINT, SIGUSR2, SIGCHLD and, where it is not ignored (nohup), SIGHUP as something to wait for, blocked for
/// the time of its life. One at a time per process.
class SignalQueue {
 public:
  /// Throws IoError.
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  /// The next signal; 0 when none came within `pause`.
  int wait(std::chrono::milliseconds pause) const;

 private:
  sigset_t ours_, before_;
  int fd_;
};

}  // namespace moola::launch
