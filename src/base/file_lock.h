#pragma once
#include <chrono>
#include <filesystem>

namespace moola {

/// An exclusive lock on a file between processes, held as long as the object lives; the system drops it when the
/// process dies.
class FileLock {
 public:
  /// Creates the file if need be. Throws IoError when it can't, CommError when another process holds the lock for
  /// longer than `patience`.
  explicit FileLock(const std::filesystem::path& file, std::chrono::milliseconds patience = {});
  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  FileLock& operator=(FileLock&&) = delete;

 private:
  int fd_;
};

/// Whether another process (or another FileLock of this one) holds the lock at this moment. No such file: false.
/// Looking takes a shared lock for an instant, so a FileLock that must not fail because of an onlooker needs some
/// patience.
bool is_locked(const std::filesystem::path& file);

}  // namespace moola
