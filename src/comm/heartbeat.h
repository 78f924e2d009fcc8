#pragma once
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
/// ignores signals.
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
  std::filesystem::path folder_;
  int rank_, fd_;
  std::string host_;
  std::size_t longest_ = 0;
  std::int64_t synced_ = 0;  // nanoseconds UTC when the file was last made visible to other hosts
  bool was_stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;

  void write(HeartbeatRecord::State state, int exit_code, const std::string& error);
  void stop();
};

}  // namespace moola::comm
