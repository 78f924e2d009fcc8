#pragma once
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "base/heartbeat_record.h"

namespace moola::comm {

/// Tells the launcher how this rank gets on: a thread writes what `activity()` says into the rank's file, four times a
/// second.
///
/// The training loop pays nothing for it, and a rank that is stuck in a collective still says in which. The thread
/// ignores signals. Of a rank that is at a pool's task it also says that it gets on, whenever the process has used a
/// twentieth of a core for a second outside of collectives (see AtTask).
class Heartbeat {
 public:
  /// Writes the first record at once. Throws IoError when the file can't be created.
  Heartbeat(const std::filesystem::path& folder, int rank);
  /// Stops without a last word: the launcher takes a rank that vanishes so for one that died.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// The last words. The thread ends.
  void finish(int exit_code);
  void fail(int exit_code, const std::string& error);

  /// Whether this rank is the first of all to claim a word for the job: errors are printed once, however many ranks
  /// meet them.
  bool first_to_report() const;

 private:
  struct CpuUse {
    std::chrono::steady_clock::time_point at;
    std::chrono::nanoseconds used;
  };

  std::filesystem::path folder_;
  int rank_, fd_;
  std::string host_;
  CpuUse looked_;  // when the CPU time was looked at last
  std::size_t longest_ = 0;
  std::int64_t synced_ = 0;  // nanoseconds UTC when the file was last made visible to other hosts
  bool was_stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;

  void note_cpu_use();
  void write(HeartbeatRecord::State state, int exit_code, const std::string& error);
  void stop();
};

}  // namespace moola::comm
