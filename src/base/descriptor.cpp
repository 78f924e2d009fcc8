#include "base/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace moola {

Descriptor::Descriptor(const std::filesystem::path& file, int flags, mode_t mode)
    : fd_(::open(file.c_str(), flags | O_CLOEXEC, mode)) {}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Descriptor open_file(const std::filesystem::path& file, int flags, mode_t mode) {
  Descriptor out(file, flags, mode);
  if (!out.is_open()) throw IoError("cannot open " + file.string(), errno);
  return out;
}

void write_all(const Descriptor& out, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(out.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError("cannot write " + file.string(), errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

Pipe open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw IoError("cannot create a pipe", errno);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace moola
