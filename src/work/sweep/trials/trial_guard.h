#pragma once
#include <sys/types.h>

namespace moola::work {

/// A process that outlives this one by a moment: when this one ends, however it does, it kills the process groups that
/// it was told of. Without it what a trial's program has started would go on after a killed sweep, and beside the next
/// attempt of the same trial.
class TrialGuard {
 public:
  /// Throws IoError when it can't be started.
  TrialGuard();
  /// Kills what is still watched, and waits for the process.
  ~TrialGuard();
  TrialGuard(const TrialGuard&) = delete;
  TrialGuard& operator=(const TrialGuard&) = delete;

  /// It is there until all that was watched is gone.
  pid_t process() const { return process_; }
  /// A socket that takes the numbers of groups, pid_t, that are to be watched from now on.
  int watch_socket() const { return socket_; }
  void forget(pid_t group) const;

 private:
  int socket_ = -1;
  pid_t process_ = -1;
};

}  // namespace moola::work
