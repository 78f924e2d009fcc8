#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace moola::work {

/// Whether a worker of a study can still be at work.
enum class WorkerState {
  alive,  // or it can't be said yet
  left,   // it has put its trials down in order
  lost,   // it was killed, or its host was
};

/// This process among those that work on a study: a file of its own in the study's folder says that it is there.
///
/// A worker on this host is lost when its process is gone, and its guard's. One on another host is lost when its file
/// has not changed for `silence` while this process looked on, by this process's clock: so clocks that differ do no
/// harm, and a process that has just come waits for so long before it takes anything away.
class StudyWorker {
 public:
  /// Throws IoError.
  StudyWorker(const std::filesystem::path& study_folder, std::chrono::milliseconds silence);
  ~StudyWorker();
  StudyWorker(const StudyWorker&) = delete;
  StudyWorker& operator=(const StudyWorker&) = delete;

  /// No other process has it, nor ever had: host, process, moment.
  const std::string& id() const { return id_; }
  /// Names a process that outlives this one until nothing that it has started is left; the worker counts as alive so
  /// long.
  void set_guard(pid_t guard);
  /// Says that it is still there; does something once a second at most.
  void beat();
  /// Says that it has left in order.
  void leave();
  WorkerState state_of(const std::string& id);

 private:
  struct Seen {
    std::string content;
    std::chrono::steady_clock::time_point since;
  };
  std::filesystem::path folder_;
  std::chrono::milliseconds silence_;
  std::string id_;
  std::uint64_t beats_ = 0;
  bool left_ = false;
  pid_t guard_ = 0;
  std::chrono::steady_clock::time_point last_beat_{};
  std::map<std::string, Seen> seen_;

  void write();
};

}  // namespace moola::work
