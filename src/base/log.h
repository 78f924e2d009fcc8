#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

namespace moola {

/// Messages for people, on standard error and in the log files of a run. Standard output is for results.
enum class LogLevel { debug, info, warning, error };

/// Says which rank speaks (several ranks: rank 0 alone speaks on standard error below `warning`). Not thread-safe;
/// called once at start.
void set_log_rank(int rank, int ranks);
/// Appends everything from now on to a file as well, with times. Throws IoError.
void add_log_file(const std::filesystem::path& file);
/// Nothing below this level on standard error (files take everything from info up).
void set_log_level(LogLevel level);

void log_text(LogLevel level, const std::string& text);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace moola
