#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/terminal.h"

namespace moola {
namespace {

struct Log {
  std::mutex mutex;
  int rank = 0, ranks = 1;
  LogLevel level = LogLevel::info;
  std::vector<std::shared_ptr<spdlog::logger>> files;
};

Log& the_log() {
  static Log log;
  return log;
}

}  // namespace

void set_log_rank(int rank, int ranks) {
  the_log().rank = rank;
  the_log().ranks = ranks;
}

void set_log_level(LogLevel level) {
  the_log().level = level;
}

void add_log_file(const std::filesystem::path& file) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    auto logger = std::make_shared<spdlog::logger>(file.string(), sink);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger->flush_on(spdlog::level::info);
    const std::lock_guard lock(the_log().mutex);
    the_log().files.push_back(std::move(logger));
  } catch (const spdlog::spdlog_ex& error) {
    throw IoError("cannot write the log " + file.string() + ": " + error.what());
  }
}

void log_text(LogLevel level, const std::string& text) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  if (level >= log.level && (log.rank == 0 || level >= LogLevel::warning)) {
    const std::string prefix = level == LogLevel::warning ? paint(Colour::yellow, "warning: ")
                               : level == LogLevel::error ? paint(Colour::red, "error: ")
                                                          : std::string();
    const std::string who = log.ranks > 1 && log.rank > 0 ? fmt::format("[rank {}] ", log.rank) : std::string();
    write_to_terminal(who + prefix + text + "\n");
  }
  if (level < LogLevel::info) return;
  for (const auto& file : log.files) {
    file->log(level == LogLevel::info      ? spdlog::level::info
              : level == LogLevel::warning ? spdlog::level::warn
                                           : spdlog::level::err,
              text);
  }
}

}  // namespace moola
