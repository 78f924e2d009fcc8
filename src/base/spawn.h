#pragma once
#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace moola {

/// Starts a program, found on PATH, whose standard streams are these descriptors. Throws IoError.
pid_t spawn(const std::vector<std::string>& words, int input, int output, int errors);

/// Waits for a child of this process: its exit status, 128 + n when signal n ended it.
int wait_for(pid_t child);

/// While it is there, writing to somebody who has left is an error of the call that writes, in this thread. Elsewhere
/// it is a signal that ends the process; that, and the program's own handling of it, stay as they are.
class BrokenPipeIsNoSignal {
 public:
  BrokenPipeIsNoSignal();
  ~BrokenPipeIsNoSignal();
  BrokenPipeIsNoSignal(const BrokenPipeIsNoSignal&) = delete;
  BrokenPipeIsNoSignal& operator=(const BrokenPipeIsNoSignal&) = delete;

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

}  // namespace moola
