#pragma once
#include <filesystem>

namespace moola {

/// An exclusive lock on a file between processes, held as long as the object lives; the system drops it when the process dies.
class FileLock {
 public:
  /// Creates the file if need be. Throws IoError when it can't, CommError when another process holds the lock.
  explicit FileLock(const std::filesystem::path& file);
  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  FileLock& operator=(FileLock&&) = delete;

 private:
  int fd_;
};

}  // namespace moola
