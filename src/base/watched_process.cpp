#include "base/watched_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> environment_for(const WatchOptions& options) {
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

// Between fork and exec nothing may be called that takes a lock: all is prepared before.
struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int input, output, failed;
  pid_t parent;
};

[[noreturn]] void become(const Start& start) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) ::signal(signal, SIG_DFL);
  if (::getppid() == start.parent && ::dup2(start.input, 0) >= 0 && ::dup2(start.output, 1) >= 0 &&
      ::dup2(start.output, 2) >= 0) {
    ::execve(start.program, start.arguments, start.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(start.failed, &error, sizeof error);
  ::_exit(127);
}

class OpenFile {
 public:
  OpenFile(const char* path, int flags) : fd_(::open(path, flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw IoError(fmt::format("cannot open {}", path), errno);
  }
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() { close(); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// A child that is waited for, whatever happens.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (!ended()) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool ended() {
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }
  void end() {
    ::kill(-pid_, SIGTERM);
    const auto until = Clock::now() + std::chrono::seconds(1);
    while (!ended() && Clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(-pid_, SIGKILL);
    while (!ended_) {
      if (::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR) ended_ = true;
    }
  }
  int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_); }

 private:
  pid_t pid_;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace

WatchedExit run_watched(const std::vector<std::string>& arguments, const WatchOptions& options) {
  const std::string& name = arguments.at(0);
  const auto found =
      name.find('/') == std::string::npos ? find_program(name) : std::optional(std::filesystem::path(name));
  if (!found) throw IoError(fmt::format("cannot start {}", name), ENOENT);
  const std::string program = found->string();
  std::vector<std::string> words = arguments, variables = environment_for(options);
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  const OpenFile input("/dev/null", O_RDONLY);
  const OpenFile output(options.log.empty() ? "/dev/null" : options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw IoError("cannot create a pipe", errno);
  OpenFile told(ends[0]), tells(ends[1]);
  const Start start{program.c_str(), argv.data(), envp.data(), input.get(), output.get(), tells.get(), ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) throw IoError(fmt::format("cannot start {}", name), errno);
  if (pid == 0) become(start);
  ::setpgid(pid, pid);  // whoever of the two is first
  Child child(pid);
  tells.close();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(told.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got == static_cast<ssize_t>(sizeof error)) throw IoError(fmt::format("cannot start {}", name), error);

  const auto began = Clock::now();
  auto wait = std::chrono::milliseconds(1);
  while (!child.ended()) {
    std::this_thread::sleep_for(wait);
    wait = std::min(wait * 2, std::chrono::milliseconds(100));
    if (options.check) options.check();
    if (options.time_limit && Clock::now() - began > *options.time_limit && !child.ended()) {
      child.end();
      return {.exit_code = child.exit_code(), .timed_out = true};
    }
  }
  return {.exit_code = child.exit_code()};
}

std::string last_lines(const std::filesystem::path& file, std::size_t bytes) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return "";
  const auto size = static_cast<std::size_t>(in.tellg());
  const std::size_t from = size > bytes ? size - bytes : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(size - from, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (from > 0) {
    const std::size_t line = text.find('\n');
    if (line != std::string::npos && line + 1 < text.size()) text.erase(0, line + 1);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace moola
