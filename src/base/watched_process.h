#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moola {

struct WatchOptions {
  std::filesystem::path log = {};  // its standard output and error, appended; empty: thrown away
  /// Variables set for it, or with nothing taken away.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment = {};
  std::vector<std::string> without = {};  // variables whose names begin with one of these are taken away
  std::optional<std::chrono::nanoseconds> time_limit = {};
  /// Called a few times a second; what it throws ends the program and goes on to the caller.
  std::function<void()> check = {};
};

struct WatchedExit {
  int exit_code = 0;  // 128 + n when signal n ended it
  bool timed_out = false;
};

/// Runs somebody else's program without a shell, standard input empty, and waits. The program and what it has started
/// (its process group) end with SIGTERM, and a second later SIGKILL, when its time is over or `check` throws; the
/// program itself also when this thread ends, however it does. Throws IoError when it can't be started.
WatchedExit run_watched(const std::vector<std::string>& arguments, const WatchOptions& options);

/// The end of a file, whole lines, for a message: "" where there is none.
std::string last_lines(const std::filesystem::path& file, std::size_t bytes);

}  // namespace moola
