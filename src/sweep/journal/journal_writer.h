#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "sweep/journal/journal_lock.h"
#include "sweep/journal/journal_reader.h"

namespace moola::sweep {

/// Appends to a journal, beside other writers of ours and of Optuna's, on this host and on others.
///
/// Any number of threads may call at once. What they hand over while a write is under way is written by the next one,
/// together: one lock, one write, one fsync for all that wait. A call returns when its lines are on the disk.
class JournalWriter {
 public:
  /// Makes the file if there is none. `grace`: see JournalLock. Throws IoError.
  explicit JournalWriter(std::filesystem::path file, std::chrono::milliseconds grace = JournalLock::kGrace);
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  const std::filesystem::path& file() const { return file_; }

  /// Whole lines, each with its newline (RecordText); they stand one behind the other in the journal. A line that
  /// another writer left unfinished is cut off first.
  ///
  /// Throws IoError when the disk takes not all of it: then the journal is as it was before, and the call may be
  /// repeated. Throws DataError when another file has come to stand there, std::logic_error for text that does not end
  /// a line.
  void append(std::string_view lines);

  /// Brings `reader` up to date, lets `decide` say which lines follow from what it sees, appends them and has the
  /// reader take them up; nobody else writes meanwhile. So trials get their ids, and no two processes begin the same
  /// one.
  ///
  /// `decide` must be quick, for all others wait: a second at most. It may be called again when the lock was lost
  /// before anything was written. The reader must not be used by other threads meanwhile. Throws what `append`,
  /// `update` and `decide` throw.
  void append_after_reading(JournalReader& reader, const std::function<std::string(const JournalReader&)>& decide);

 private:
  // Lines that are written together, and those who wait for it.
  struct Batch {
    std::string lines;
    bool done = false;
    std::exception_ptr error;
    std::condition_variable finished;
  };

  std::filesystem::path file_;
  std::chrono::milliseconds grace_;
  std::uint64_t device_ = 0, inode_ = 0;
  std::mutex mutex_;
  bool writing_ = false;
  std::condition_variable free_;  // for those who write alone
  std::shared_ptr<Batch> next_ = std::make_shared<Batch>();

  void write_alone(const std::function<std::string_view()>& lines_of);
  void stop_writing();
};

}  // namespace moola::sweep
