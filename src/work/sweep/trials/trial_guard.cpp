#include "work/sweep/trials/trial_guard.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <span>
#include <vector>

#include "base/error.h"

namespace moola::work {
namespace {

// As many as workers.count allows.
constexpr std::size_t kMostGroups = 100'000;

// So that what this process has open is not held open by the guard. The socket becomes descriptor 0.
void close_all_but(int socket) {
  ::dup2(socket, 0);
  if (::syscall(SYS_close_range, 1U, ~0U, 0U) == 0) return;
  for (int fd = 1; fd < 65536; ++fd) ::close(fd);  // before Linux 5.9
}

// After fork in a process that may have threads: nothing here takes a lock or allocates.
[[noreturn]] void guard(int socket, std::span<pid_t> groups) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);  // what asks the sweep to end is not for the guard
  ::setsid();
  close_all_but(socket);
  std::size_t count = 0;
  pid_t group = 0;  // to be watched; negative: to be forgotten
  for (;;) {
    const ssize_t got = ::recv(0, &group, sizeof group, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof group)) break;
    const std::span<pid_t> known = groups.first(count);
    const auto at = std::ranges::find(known, std::abs(group));
    if (group > 0 && at == known.end() && count < groups.size()) groups[count++] = group;
    if (group < 0 && at != known.end()) *at = groups[--count];
  }
  for (const pid_t each : groups.first(count)) ::kill(-each, SIGKILL);
  // Whoever waits for this process may begin the same trials again.
  constexpr int kLooks = 2000;  // ten seconds; then they wait for a device or a file system, and nobody can end them
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 5'000'000};
  for (int look = 0; look < kLooks; ++look) {
    const auto is_there = [](pid_t each) { return ::kill(-each, 0) == 0; };
    if (std::ranges::none_of(groups.first(count), is_there)) break;
    ::nanosleep(&kPause, nullptr);
  }
  ::_exit(0);
}

}  // namespace

TrialGuard::TrialGuard() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw IoError("cannot create a pair of sockets", errno);
  std::vector<pid_t> groups(kMostGroups);
  process_ = ::fork();
  if (process_ == 0) guard(ends[1], groups);
  const int error = errno;
  ::close(ends[1]);
  socket_ = ends[0];
  if (process_ > 0) return;
  ::close(socket_);
  throw IoError("cannot start a process that ends trials when this one is killed", error);
}

TrialGuard::~TrialGuard() {
  ::close(socket_);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void TrialGuard::forget(pid_t group) const {
  const pid_t message = -group;
  // Somebody may have killed it: then trials are as good as unguarded, and no worse.
  while (::send(socket_, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace moola::work
