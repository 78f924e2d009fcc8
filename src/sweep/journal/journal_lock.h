#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>

namespace moola::sweep {

/// The lock that Optuna and Rustuna put on a journal while they append to it, held as long as the object lives: a
/// symbolic link FILE.lock. A file of that name, as Optuna's other kind of lock has it, is waited for too.
///
/// Whoever waits takes a lock away that stood for longer than `grace` while neither it nor the journal changed: its
/// holder is dead. So nobody may hold it for half as long. A holder that slept for longer may find it taken away,
/// `is_held` says so; then it must not write.
class JournalLock {
 public:
  static constexpr std::chrono::milliseconds kGrace{30'000};  // Optuna's

  /// Waits: 1 ms, then twice as long each time, 64 ms at most. Throws IoError.
  explicit JournalLock(const std::filesystem::path& journal, std::chrono::milliseconds grace = kGrace);
  /// Releases it, if it is still ours.
  ~JournalLock();
  JournalLock(const JournalLock&) = delete;
  JournalLock& operator=(const JournalLock&) = delete;

  bool is_held() const;

 private:
  std::filesystem::path lock_;
  std::uint64_t inode_ = 0;
  std::int64_t made_ = 0;  // nanoseconds, when it was made by the file system's clock
};

}  // namespace moola::sweep
