#pragma once
#include <sys/types.h>

#include <optional>

#include "cluster/launch/launch_ranks.h"

namespace moola::launch {

/// A program in a process group of its own, so that a terminal's Ctrl-C reaches this process alone. It gets SIGTERM
/// when this process dies.
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
  std::optional<int> status_;
};

}  // namespace moola::launch
