#pragma once
#include <sys/types.h>

#include <optional>

#include "base/descriptor.h"
#include "cluster/launch/launch_ranks.h"

namespace moola::launch {

/// A program in a process group of its own, so that a terminal's Ctrl-C reaches this process alone. It gets SIGTERM
/// when this process dies; an mpirun that does not end of it, for Open MPI can come to wait for itself at its end, is
/// killed 20 s later.
class ChildProcess {
 public:
  /// Standard input is empty; the other two streams are this process's. Throws ConfigError when there is no such
  /// program, IoError.
  explicit ChildProcess(const LaunchCommand& command);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const;
  /// Its status as waitpid gives it, once it has ended.
  std::optional<int> ended();

 private:
  pid_t pid_ = -1;
  Descriptor alive_;  // its other end is told when this process dies
  std::optional<int> status_;
};

}  // namespace moola::launch
