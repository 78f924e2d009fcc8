#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "base/error.h"

namespace moola {

FileLock::FileLock(const std::filesystem::path& file, std::chrono::milliseconds patience)
    : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (fd_ < 0) throw IoError("cannot open the lock " + file.string(), errno);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EINTR) continue;
    if (error == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    ::close(fd_);
    if (error != EWOULDBLOCK) throw IoError("cannot lock " + file.string(), error);
    throw CommError("another process holds the lock " + file.string() +
                    ". Wait until it is done, or stop it, then call again.");
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool is_locked(const std::filesystem::path& file) {
  const Descriptor lock(file, O_RDONLY);
  if (!lock.is_open()) {
    if (errno == ENOENT) return false;
    throw IoError("cannot open the lock " + file.string(), errno);
  }
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno != EWOULDBLOCK) throw IoError("cannot look at the lock " + file.string(), errno);
  return true;
}

}  // namespace moola
