#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/process_stat.h"

namespace moola {

struct ProcessGroupOptions {
  /// Variables set for it, or with nothing taken away.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment = {};
  std::vector<std::string> without = {};  // variables whose names begin with one of these are taken away
  std::filesystem::path folder = {};      // where it runs; empty: here
  int output = -1, errors = -1;           // descriptors for its two streams; -1: thrown away
  int announce_to = -1;  // a socket that is sent its number, a pid_t, before it begins, so that whoever reads knows of
                         // it even if this process is killed at once; and the negative number when it can't begin
};

/// Somebody else's program, started without a shell, standard input empty, and all that it starts itself.
///
/// Ended when this goes. The program itself, though not what it has started, also ends when the thread that started it
/// does, however it does.
class ProcessGroup {
 public:
  /// Throws IoError when it can't be started.
  ProcessGroup(const std::vector<std::string>& arguments, const ProcessGroupOptions& options);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  /// Its process and its group have this number.
  pid_t id() const { return pid_; }
  /// Whether the program is over; what it has started may go on. Never waits.
  bool ended();
  /// Of a program that is over: its exit status, 128 + n when signal n ended it.
  int exit_code() const;
  /// Whether anybody of the group is there, the program itself included, who is more than an entry in a table.
  bool is_alive() const { return is_group_alive(pid_); }
  /// To all of the group; nothing happens when nobody is left.
  void send(int signal) const;
  /// SIGTERM to the group, SIGKILL after `patience`; waits for the program itself.
  void end(std::chrono::milliseconds patience = std::chrono::seconds(1));

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace moola
