#pragma once
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <stdexcept>

namespace moola::test {

/// A process that runs `work` and is killed when the object goes; `work` calls `ready` when the parent may go on.
class ChildProcess {
 public:
  explicit ChildProcess(const std::function<void(const std::function<void()>& ready)>& work) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no process");
    if (process_ == 0) {
      ::close(ends[0]);
      try {
        work([&] { (void)!::write(ends[1], "r", 1); });
      } catch (...) {
        ::_exit(99);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 0;
    ready_ = ::read(ends[0], &byte, 1) == 1;
    ::close(ends[0]);
  }
  ~ChildProcess() {
    if (process_ > 0) kill();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Whether the child came to call `ready`; false: it ended first.
  bool ready() const { return ready_; }
  void kill() {
    ::kill(process_, SIGKILL);
    wait();
  }
  /// The status as waitpid gives it.
  int wait() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return status;
  }

 private:
  pid_t process_ = -1;
  bool ready_ = false;
};

}  // namespace moola::test
