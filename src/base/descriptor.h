#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string_view>
#include <utility>

namespace moola {

/// A file descriptor that is closed with this.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  /// Opens a file, closed to programs that are started. Where that fails it is not open, and errno says why.
  Descriptor(const std::filesystem::path& file, int flags, mode_t mode = 0644);
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

/// The same, always open. Throws IoError with the path.
Descriptor open_file(const std::filesystem::path& file, int flags, mode_t mode = 0644);

/// All of `bytes` to a file that can wait, at its place or, with O_APPEND, at its end. Throws IoError with the path.
void write_all(const Descriptor& out, std::string_view bytes, const std::filesystem::path& file);

struct Pipe {
  Descriptor read_end, write_end;
};

/// Closed to programs that are started. Throws IoError.
Pipe open_pipe();

}  // namespace moola
