#include "cluster/launch/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "base/descriptor.h"
#include "base/error.h"

namespace moola::launch {
namespace {

// What runs between fork and exec may call nothing that allocates or locks. Does not return; tells `report` why.
[[noreturn]] void become(char* const* arguments, char* const* environment, int report, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // the parent died before the line above
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGCHLD}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // A background group that reads the terminal would be stopped.
  if (const int nothing = ::open("/dev/null", O_RDONLY); nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::execvpe(arguments[0], arguments, environment);
  const int error = errno;
  if (::write(report, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

// Of a program that was told to end because its starter has died.
constexpr int kPatienceMs = 20'000;

// Waits for the end of the process behind `process`, or of whoever holds the other end of `alive`; then for the first
// again, and kills its group. Calls nothing that allocates or locks. Does not return.
[[noreturn]] void watch_over(pid_t group, int process, int alive) {
  // In front of nobody: no terminal, no stream that somebody waits for, no signal of the group.
  ::setsid();
  ::dup2(process, STDIN_FILENO);
  ::dup2(alive, STDOUT_FILENO);
  ::close_range(STDERR_FILENO, ~0U, 0);
  for (const int number : {SIGTERM, SIGINT, SIGUSR2, SIGHUP}) ::signal(number, SIG_IGN);
  std::array<pollfd, 2> both{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{STDOUT_FILENO, POLLIN, 0}};
  while (both[0].revents == 0 && both[1].revents == 0) {
    if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) ::_exit(1);
  }
  if (both[0].revents == 0 && ::poll(both.data(), 1, kPatienceMs) == 0) ::kill(-group, SIGKILL);
  ::_exit(0);
}

// Starts that as a process that nobody has to wait for. Where it can't, the group is watched over by nobody.
Descriptor start_watch(pid_t group) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, group, 0)));
  if (!process.is_open()) return {};
  Pipe alive = open_pipe();
  const pid_t between = ::fork();
  if (between == 0) {
    if (::fork() == 0) watch_over(group, process.get(), alive.read_end.get());
    ::_exit(0);
  }
  if (between > 0) ::waitpid(between, nullptr, 0);
  return std::move(alive.write_end);
}

}  // namespace

ChildProcess::ChildProcess(const LaunchCommand& command) {
  std::vector<std::string> variables;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string entry = *one;
    bool replaced = false;
    for (const auto& [name, value] : command.environment) replaced |= entry.starts_with(name + "=");
    if (!replaced) variables.push_back(entry);
  }
  for (const auto& [name, value] : command.environment) variables.push_back(fmt::format("{}={}", name, value));
  std::vector<char*> arguments, environment;
  for (const std::string& word : command.arguments) arguments.push_back(const_cast<char*>(word.c_str()));
  for (std::string& variable : variables) environment.push_back(variable.data());
  arguments.push_back(nullptr);
  environment.push_back(nullptr);

  Pipe report = open_pipe();
  const pid_t parent = ::getpid();
  // Whoever started this process may ignore the ends of children; then the system would throw away how ours ended.
  ::signal(SIGCHLD, SIG_DFL);
  pid_ = ::fork();
  if (pid_ < 0) throw IoError("cannot start a process", errno);
  if (pid_ == 0) become(arguments.data(), environment.data(), report.write_end.get(), parent);
  report.write_end.close();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(report.read_end.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got <= 0) {
    if (command.arguments.front() == "mpirun") alive_ = start_watch(pid_);
    return;
  }
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  if (error == ENOENT) {
    const std::string& name = command.arguments.front();
    throw ConfigError(fmt::format("there is no program {}.{}", name,
                                  name == "mpirun" ? " It comes with Open MPI (Debian: apt install openmpi-bin)."
                                  : name == "srun" ? " It comes with Slurm."
                                                   : ""));
  }
  throw IoError("cannot start " + command.arguments.front(), error);
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::send(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

std::optional<int> ChildProcess::ended() {
  int status = 0;
  if (status_) return status_;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got == pid_) status_ = status;
  if (got < 0 && errno == ECHILD) status_ = 255 << 8;  // it is gone, and how is not known
  return status_;
}

}  // namespace moola::launch
