#include "base/watched_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/descriptor.h"
#include "base/process_group.h"

namespace moola {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

WatchedExit run_watched(const std::vector<std::string>& arguments, const WatchOptions& options) {
  // None: what it says is thrown away.
  const Descriptor log = options.log.empty() ? Descriptor() : open_file(options.log, O_WRONLY | O_CREAT | O_APPEND);
  ProcessGroup child(
      arguments,
      {.environment = options.environment, .without = options.without, .output = log.get(), .errors = log.get()});
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
