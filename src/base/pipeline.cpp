#include "base/pipeline.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/error.h"

namespace moola {
namespace {

// A stream of a program goes here, so that nobody has to read while it runs.
class Catcher {
 public:
  Catcher() : file_(std::tmpfile()) {
    if (!file_) throw IoError("cannot create a temporary file", errno);
    // Not for the programs that are started: they get a copy.
    ::fcntl(fd(), F_SETFD, FD_CLOEXEC);
  }
  int fd() const { return ::fileno(file_.get()); }
  void fill(const std::string& text) const {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0)
      throw IoError("cannot write a temporary file", errno);
    std::rewind(file_.get());
  }
  std::string text() const {
    std::rewind(file_.get());
    std::string out;
    std::array<char, 65536> buffer{};
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), file_.get())) > 0;)
      out.append(buffer.data(), n);
    return out;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

pid_t start(const std::vector<std::string>& words, int in, int out, int errors) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw IoError("cannot start " + words.front(), error);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

PipelineResult run_pipeline(const std::vector<std::string>& first, const std::vector<std::string>& second,
                            const std::string& input) {
  const Catcher in, out, first_errors, second_errors;
  in.fill(input);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw IoError("cannot create a pipe", errno);
  pid_t writer = 0;
  try {
    writer = start(first, in.fd(), ends[1], first_errors.fd());
  } catch (...) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  pid_t reader = 0;
  try {
    reader = start(second, ends[0], out.fd(), second_errors.fd());
  } catch (...) {
    ::close(ends[0]);
    ::kill(writer, SIGKILL);
    wait_for(writer);
    throw;
  }
  ::close(ends[0]);
  PipelineResult result;
  result.second_code = wait_for(reader);
  result.first_code = wait_for(writer);
  result.first_errors = first_errors.text();
  result.second_errors = second_errors.text();
  result.output = out.text();
  return result;
}

}  // namespace moola
