#include "cluster/launch/signal_queue.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace moola::launch {

SignalQueue::SignalQueue() {
  ::sigemptyset(&ours_);
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGCHLD}) ::sigaddset(&ours_, number);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaddset(&ours_, SIGHUP);
  ::sigprocmask(SIG_BLOCK, &ours_, &before_);
  fd_ = ::signalfd(-1, &ours_, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) {
    const int error = errno;
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    throw IoError("cannot wait for signals", error);
  }
}

SignalQueue::~SignalQueue() {
  ::close(fd_);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalQueue::wait(std::chrono::milliseconds pause) const {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(pause.count())) <= 0) return 0;
  signalfd_siginfo info{};
  return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace moola::launch
