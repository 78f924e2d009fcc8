#include "base/subprocess.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "base/descriptor.h"
#include "base/spawn.h"

namespace moola {

ProcessResult run_process(const std::vector<std::string>& arguments, std::string_view input) {
  Pipe in = open_pipe(), out = open_pipe(), err = open_pipe();
  const pid_t child = spawn(arguments, in.read_end.get(), out.write_end.get(), err.write_end.get());
  in.read_end.close();
  out.write_end.close();
  err.write_end.close();

  const BrokenPipeIsNoSignal no_signal;
  ProcessResult result;
  std::array<char, 65536> buffer;
  if (input.empty()) in.write_end.close();
  // To the end of all three: a program may close its output and go on reading.
  while (out.read_end.is_open() || err.read_end.is_open() || in.write_end.is_open()) {
    std::array<pollfd, 3> waits{pollfd{out.read_end.get(), POLLIN, 0}, pollfd{err.read_end.get(), POLLIN, 0},
                                pollfd{in.write_end.get(), POLLOUT, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    const auto drain = [&](pollfd& wait, Pipe& pipe, std::string& text) {
      if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
      const ssize_t n = ::read(wait.fd, buffer.data(), buffer.size());
      if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) pipe.read_end.close();
    };
    drain(waits[0], out, result.output);
    drain(waits[1], err, result.errors);
    if ((waits[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t n = ::write(in.write_end.get(), input.data(), std::min<std::size_t>(input.size(), 4096));
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EINTR && errno != EAGAIN)) in.write_end.close();
    }
  }
  result.exit_code = wait_for(child);
  return result;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path candidate = std::filesystem::path(folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate;
  }
  return std::nullopt;
}

std::filesystem::path executable_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace moola
