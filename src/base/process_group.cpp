#include "base/process_group.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <thread>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/subprocess.h"

namespace moola {
namespace {

std::vector<std::string> environment_for(const ProcessGroupOptions& options) {
  const auto name_of = [](const std::string& entry) { return entry.substr(0, entry.find('=')); };
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry, name = name_of(text);
    const bool taken =
        std::ranges::any_of(options.without, [&](const std::string& prefix) { return name.starts_with(prefix); }) ||
        std::ranges::any_of(options.environment, [&](const auto& each) { return each.first == name; });
    if (!taken) out.push_back(text);
  }
  for (const auto& [name, value] : options.environment) {
    if (value) out.push_back(name + "=" + *value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Until it becomes another program it runs in our memory, so that this is not copied, for nothing. So nothing may be
// called that takes a lock or leaves a trace: all is prepared before.
struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;  // or none
  int input, output, errors, failed, announce_to;
  pid_t parent;
};

// The system's own call, for a sanitizer that keeps a table of handlers would note it as one of this process's.
__attribute__((no_sanitize("address", "thread", "undefined"))) void reset_signal(int number) {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    unsigned long mask;
  } usual{};
  ::syscall(SYS_rt_sigaction, number, &usual, nullptr, sizeof usual.mask);
}

__attribute__((no_sanitize("address", "thread", "undefined"))) void announce(const Start& start, pid_t number) {
  while (start.announce_to >= 0 && ::send(start.announce_to, &number, sizeof number, MSG_NOSIGNAL) < 0 &&
         errno == EINTR) {
  }
}

// Sanitizers take its stack for one that is none.
__attribute__((no_sanitize("address", "thread", "undefined"))) int become(void* what) {
  const Start& start = *static_cast<const Start*>(what);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) reset_signal(signal);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  announce(start, ::getpid());
  if (::getppid() == start.parent && ::dup2(start.input, 0) >= 0 && ::dup2(start.output, 1) >= 0 &&
      ::dup2(start.errors, 2) >= 0 && (start.folder == nullptr || ::chdir(start.folder) == 0)) {
    ::execve(start.program, start.arguments, start.environment);
  }
  const int error = errno;
  announce(start, -::getpid());
  [[maybe_unused]] const ssize_t written = ::write(start.failed, &error, sizeof error);
  ::_exit(127);
}

// The process that becomes the program; this thread waits until it has. Signals wait too: a handler of ours that ran in
// the other process would do its work in our memory.
pid_t started(Start& start) {
  constexpr std::size_t kStack = 64 << 10;
  const auto stack = std::make_unique<std::byte[]>(kStack);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t out = ::clone(become, stack.get() + kStack, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return out;
}

}  // namespace

ProcessGroup::ProcessGroup(const std::vector<std::string>& arguments, const ProcessGroupOptions& options) {
  const std::string& name = arguments.at(0);
  const auto found =
      name.find('/') == std::string::npos ? find_program(name) : std::optional(std::filesystem::path(name));
  if (!found) throw IoError(fmt::format("cannot start {}", name), ENOENT);
  const std::string program = found->string(), folder = options.folder.string();
  std::vector<std::string> words = arguments, variables = environment_for(options);
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  const Descriptor nothing = open_file("/dev/null", O_RDWR);
  auto [told, tells] = open_pipe();
  Start start{.program = program.c_str(),
              .arguments = argv.data(),
              .environment = envp.data(),
              .folder = folder.empty() ? nullptr : folder.c_str(),
              .input = nothing.get(),
              .output = options.output < 0 ? nothing.get() : options.output,
              .errors = options.errors < 0 ? nothing.get() : options.errors,
              .failed = tells.get(),
              .announce_to = options.announce_to,
              .parent = ::getpid()};
  pid_ = started(start);
  if (pid_ < 0) throw IoError(fmt::format("cannot start {}", name), errno);
  tells.close();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(told.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got != static_cast<ssize_t>(sizeof error)) return;
  end();
  throw IoError(fmt::format("cannot start {}", name), error);
}

ProcessGroup::~ProcessGroup() {
  if (!ended()) end();
}

bool ProcessGroup::ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

int ProcessGroup::exit_code() const {
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

void ProcessGroup::send(int signal) const {
  ::kill(-pid_, signal);
}

void ProcessGroup::end(std::chrono::milliseconds patience) {
  send(SIGTERM);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!ended() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  send(SIGKILL);
  while (!ended_) {
    if (::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR) ended_ = true;
  }
}

}  // namespace moola
