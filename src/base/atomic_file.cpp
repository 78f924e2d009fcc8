#include "base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/host_name.h"
#include "base/process_stat.h"

namespace moola {
namespace {

namespace fs = std::filesystem;

// Without the points, which part a temporary's name.
std::string host_in_names() {
  std::string host = host_name();
  std::ranges::replace(host, '.', '-');
  return host;
}

// Names carry host and process, so that a leftover can be told from a writer at work, and a counter for threads.
fs::path temporary_name(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  return target.parent_path() / ("." + target.filename().string() + "." + host_in_names() + "." +
                                 std::to_string(::getpid()) + "." + std::to_string(counter++) + ".tmp");
}

}  // namespace

std::string read_file(const fs::path& file) {
  const Descriptor in = open_file(file, O_RDONLY);
  struct stat status {};
  if (::fstat(in.get(), &status) != 0) throw IoError("cannot read " + file.string(), errno);
  if (S_ISDIR(status.st_mode)) throw IoError("cannot read " + file.string(), EISDIR);
  std::string content;
  content.reserve(static_cast<std::size_t>(status.st_size));
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = ::read(in.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError("cannot read " + file.string(), errno);
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
  }
}

void create_folders(const fs::path& folder) {
  if (folder.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError("cannot create the folder " + folder.string(), error.value());
}

void sync_folder(const fs::path& folder) {
  const Descriptor directory = open_file(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY);
  // Some shared file systems cannot fsync a folder; there the rename is durable by itself.
  if (::fsync(directory.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    throw IoError("cannot flush the folder " + folder.string(), errno);
  }
}

AtomicFile::AtomicFile(fs::path target, Overwrite overwrite)
    : target_(std::move(target)), temporary_(temporary_name(target_)), overwrite_(overwrite) {
  create_folders(target_.parent_path());
  if (overwrite_ == Overwrite::no && fs::exists(target_)) {
    throw IoError("will not overwrite " + target_.string(), EEXIST);
  }
  // Finds a folder that can't be written to before any work is done. A container's processes get the same numbers at
  // every start, so a killed one may have left this very name.
  while (fs::exists(fs::symlink_status(temporary_))) temporary_ = temporary_name(target_);
  const Descriptor probe = open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL, 0666);
  interrupted_.emplace(temporary_);
}

AtomicFile::~AtomicFile() {
  if (!done_) ::unlink(temporary_.c_str());
}

void AtomicFile::start_flush() const {
  const Descriptor file = open_file(temporary_, O_RDONLY);
  ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);  // a hint: nothing depends on it
}

void AtomicFile::commit(bool read_only) {
  if (!commit_if_free(read_only)) throw IoError("will not overwrite " + target_.string(), EEXIST);
}

bool AtomicFile::commit_if_free(bool read_only) {
  {
    const Descriptor file = open_file(temporary_, O_RDONLY);
    if (read_only && ::fchmod(file.get(), 0444) != 0)
      throw IoError("cannot make read-only " + temporary_.string(), errno);
    if (::fsync(file.get()) != 0) throw IoError("cannot flush " + temporary_.string(), errno);
  }
  if (overwrite_ == Overwrite::yes) {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw IoError("cannot write " + target_.string(), errno);
  } else {
    // link, unlike rename, refuses when another process was first.
    if (::link(temporary_.c_str(), target_.c_str()) == 0) {
      ::unlink(temporary_.c_str());
    } else if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS) {  // a file system without hard links
      if (fs::exists(target_)) return false;
      if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw IoError("cannot write " + target_.string(), errno);
    } else {
      if (errno == EEXIST) return false;
      throw IoError("cannot write " + target_.string(), errno);
    }
  }
  done_ = true;
  interrupted_.reset();
  sync_folder(target_.parent_path());
  return true;
}

void write_file(const fs::path& target, std::string_view content, Overwrite overwrite) {
  AtomicFile file(target, overwrite);
  write_all(open_file(file.temporary(), O_WRONLY | O_TRUNC), content, target);
  file.commit();
}

void write_derived_file(const fs::path& target, std::string_view content) {
  write_all(open_file(target, O_WRONLY | O_CREAT | O_TRUNC, 0666), content, target);
}

namespace {

// Not so one that has ended and that nobody has asked for its end yet, nor one on its way out, whose files (and locks)
// are closed already.
bool is_running(int process) {
  if (::kill(process, 0) != 0 && errno == ESRCH) return false;
  const std::optional<ProcessStat> stat = process_stat(process);
  return !stat || (!stat->has_ended() && !stat->is_exiting);  // without /proc: who knows
}

}  // namespace

void make_read_only(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 0222) == 0) return;  // also somebody else's
  if (::chmod(file.c_str(), 0444) != 0) throw IoError("cannot make read-only " + file.string(), errno);
}

void remove_abandoned(const fs::path& folder) {
  const std::string host = "." + host_in_names() + ".";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') || !name.ends_with(".tmp")) continue;
    const std::size_t found = name.rfind(host);  // a writer on another host of a shared file system may be alive
    if (found == std::string::npos) continue;
    int process = 0;
    const char* begin = name.data() + found + host.size();
    const auto [end, parsed] = std::from_chars(begin, name.data() + name.size(), process);
    if (parsed != std::errc() || end == begin || *end != '.' || process <= 0) continue;
    if (!is_running(process)) fs::remove(entry.path(), error);
  }
}

}  // namespace moola
