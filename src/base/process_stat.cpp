#include "base/process_stat.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace moola {

std::optional<ProcessStat> process_stat(pid_t process) {
  // In one call: a process that goes between two is an error of the second.
  const Descriptor file(fmt::format("/proc/{}/stat", process), O_RDONLY);
  std::array<char, 4096> buffer;
  const ssize_t bytes = file.is_open() ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, bytes)));
  // The name, in brackets, may hold anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  constexpr unsigned kExiting = 0x4;  // PF_EXITING
  std::istringstream fields{std::string(text.substr(name_end + 1))};
  ProcessStat out;
  long parent = 0, session = 0, terminal = 0, foreground = 0;
  unsigned flags = 0;
  fields >> out.state >> parent >> out.group >> session >> terminal >> foreground >> flags;
  out.is_exiting = (flags & kExiting) != 0;
  std::string skipped;
  for (int field = 10; field < 22; ++field) fields >> skipped;
  fields >> out.start;
  return out;
}

bool is_group_alive(pid_t group) {
  if (::kill(-group, 0) != 0 && errno == ESRCH) return false;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t process = 0;
    const auto [end, parsed] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (parsed != std::errc() || end != name.data() + name.size()) continue;
    const std::optional<ProcessStat> stat = process_stat(process);
    if (stat && stat->group == group && !stat->has_ended()) return true;
  }
  return static_cast<bool>(error);  // no /proc here: somebody is there, alive or not
}

}  // namespace moola
