#include "data/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace moola::data {

MappedFile::MappedFile(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw IoError("cannot open " + file.string(), errno);
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  int error = errno;
  if (known && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ > 0) at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    error = at_ == MAP_FAILED ? errno : 0;
  } else if (known) {
    error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  }
  ::close(fd);
  if (error != 0) {
    at_ = nullptr;
    throw IoError("cannot read " + file.string(), error);
  }
}

MappedFile::~MappedFile() {
  if (at_ != nullptr) ::munmap(at_, size_);
}

}  // namespace moola::data
