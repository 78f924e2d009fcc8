#include "cluster/site/disk_trial.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "base/atomic_file.h"
#include "base/descriptor.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kPiece = std::size_t{4} << 20;
constexpr std::size_t kMost = std::size_t{256} << 20;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string words() {
  return std::strerror(errno);
}

// The exit status of `action` in a process of its own.
int in_a_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child < 0) throw IoError("cannot start a process", errno);
  if (child == 0) ::_exit(action());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// A lock that this process holds must be refused to another, and given to it afterwards.
DiskTrial try_lock(const fs::path& file, const std::function<bool(int, bool)>& lock) {
  const Descriptor ours(file, O_RDWR | O_CREAT, 0600);
  if (!ours.is_open()) return {false, words()};
  if (!lock(ours.get(), true)) return {false, words()};
  const auto other = [&] {
    return in_a_child([&] {
      const Descriptor theirs(file, O_RDWR);
      return theirs.is_open() && lock(theirs.get(), true) ? 0 : 1;
    });
  };
  if (other() == 0) return {false, "two processes held it at once"};
  lock(ours.get(), false);
  if (other() != 0) return {false, "it was not given to the next process"};
  return {true, ""};
}

}  // namespace

DiskSpeed measure_disk(const fs::path& folder, double seconds) {
  DiskSpeed out;
  const fs::path file = folder / "speed";
  const std::unique_ptr<void, void (*)(void*)> memory(std::aligned_alloc(4096, kPiece), std::free);
  std::memset(memory.get(), 0x5a, kPiece);
  {
    Descriptor to(file, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0600);
    out.direct = to.is_open();
    if (!out.direct) to = Descriptor(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!to.is_open()) throw IoError("cannot write " + file.string(), errno);
    const auto begin = Clock::now();
    while (out.bytes < kMost && since(begin) < seconds * 0.5) {
      const ssize_t written = ::write(to.get(), memory.get(), kPiece);
      if (written != static_cast<ssize_t>(kPiece))
        throw IoError("cannot write " + file.string(), written < 0 ? errno : ENOSPC);
      out.bytes += kPiece;
    }
    if (::fsync(to.get()) != 0) throw IoError("cannot make durable " + file.string(), errno);
    out.write = static_cast<double>(out.bytes) / since(begin);
    ::posix_fadvise(to.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
  const Descriptor from(file, O_RDONLY | (out.direct ? O_DIRECT : 0));
  std::uint64_t read = 0;
  const auto begin = Clock::now();
  while (from.is_open() && since(begin) < seconds * 0.3) {
    const ssize_t got = ::read(from.get(), memory.get(), kPiece);
    if (got <= 0) break;
    read += static_cast<std::uint64_t>(got);
  }
  if (read > 0) out.read = static_cast<double>(read) / since(begin);
  fs::remove(file);
  std::vector<double> times;
  for (const auto start = Clock::now(); times.size() < 20 && (times.empty() || since(start) < seconds * 0.2);) {
    const auto one = Clock::now();
    write_file(folder / "small", "what a record of a step writes\n");
    times.push_back(since(one));
  }
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  out.fsync_seconds = times[times.size() / 2];
  return out;
}

DiskTrial try_flock(const fs::path& folder) {
  return try_lock(folder / "flock",
                  [](int fd, bool take) { return ::flock(fd, take ? LOCK_EX | LOCK_NB : LOCK_UN) == 0; });
}

DiskTrial try_record_lock(const fs::path& folder) {
  return try_lock(folder / "fcntl", [](int fd, bool take) {
    struct flock lock {};
    lock.l_type = take ? F_WRLCK : F_UNLCK;
    lock.l_whence = SEEK_SET;
    return ::fcntl(fd, F_SETLK, &lock) == 0;
  });
}

DiskTrial try_exclusive_create(const fs::path& folder) {
  const fs::path file = folder / "exclusive";
  const Descriptor first(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!first.is_open()) return {false, words()};
  const int again = in_a_child([&] {
    const Descriptor second(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    return second.is_open() ? 1 : errno == EEXIST ? 0 : 2;
  });
  return again == 0 ? DiskTrial{true, ""} : DiskTrial{false, "a file that exists was made once more"};
}

DiskTrial try_hard_link(const fs::path& folder) {
  write_file(folder / "target", "lock\n");
  const fs::path link = folder / "link";
  if (::link((folder / "target").c_str(), link.c_str()) != 0) return {false, words()};
  struct stat about {};
  if (::stat((folder / "target").c_str(), &about) != 0 || about.st_nlink != 2) return {false, "links are not counted"};
  if (::link((folder / "target").c_str(), link.c_str()) == 0 || errno != EEXIST)
    return {false, "a link that exists was made once more"};
  return {true, ""};
}

DiskTrial try_rename_over_open_file(const fs::path& folder) {
  write_file(folder / "named", "old\n");
  write_file(folder / "new", "new\n");
  const Descriptor reader(folder / "named", O_RDONLY);
  if (::rename((folder / "new").c_str(), (folder / "named").c_str()) != 0) return {false, words()};
  std::array<char, 4> text{};
  const bool old_is_there =
      ::read(reader.get(), text.data(), text.size()) == 4 && std::memcmp(text.data(), "old\n", 4) == 0;
  if (!old_is_there) return {false, "a reader of the file that was replaced lost it"};
  if (read_file(folder / "named") != "new\n") return {false, "the new file is not seen under its name"};
  return {true, ""};
}

double server_clock_ahead(const fs::path& folder) {
  const fs::path file = folder / "clock";
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double before = now();
  write_file(file, "tick\n");
  const double after = now();
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) throw IoError("cannot look at " + file.string(), errno);
  const double stamp = static_cast<double>(about.st_mtim.tv_sec) + static_cast<double>(about.st_mtim.tv_nsec) * 1e-9;
  return stamp < before ? stamp - before : std::max(0.0, stamp - after);
}

}  // namespace moola::cluster
