#include "sweep/journal/journal_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::sweep {
namespace {

using Clock = std::chrono::steady_clock;

// Optuna sleeps for up to a second, and whoever sleeps longest comes last: beside busy workers that do not sleep at all
// a manager would wait for many.
constexpr std::chrono::milliseconds kLongestPause{64};

std::int64_t nanoseconds_of(const timespec& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// Which lock it is: another one of the same name has another inode or another time.
struct Identity {
  std::uint64_t inode = 0;
  std::int64_t made = 0;
  bool operator==(const Identity&) const = default;
};

std::optional<Identity> identity_of(const std::filesystem::path& lock) {
  struct stat status {};
  if (::lstat(lock.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_ino, nanoseconds_of(status.st_mtim)};
}

// When the journal changed last: through the link, as Optuna does, or, where it leads nowhere, 0.
std::int64_t journal_changed(const std::filesystem::path& lock) {
  struct stat status {};
  return ::stat(lock.c_str(), &status) == 0 ? nanoseconds_of(status.st_mtim) : 0;
}

// Renamed before it is unlinked, so that of two who do this at once only one gets it. Whether it was that lock.
bool remove_lock(const std::filesystem::path& lock, const Identity& which) {
  static std::atomic<std::uint64_t> count{0};
  const std::string aside = fmt::format("{}{}-{}-{}.rename", lock.string(), ::getpid(), utc_now(), count.fetch_add(1));
  if (identity_of(lock) != which || ::rename(lock.c_str(), aside.c_str()) != 0) return false;
  if (identity_of(aside) == which) {
    ::unlink(aside.c_str());
    return true;
  }
  // Between the look and the renaming somebody else's came to stand there: back with it, if there is still room.
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, lock.c_str(), RENAME_NOREPLACE) != 0) ::unlink(aside.c_str());
  return false;
}

}  // namespace

JournalLock::JournalLock(const std::filesystem::path& journal, std::chrono::milliseconds grace)
    : lock_(journal.string() + ".lock") {
  // Through a relative link a waiter may look for the journal in the wrong folder.
  const std::filesystem::path target = std::filesystem::absolute(journal);
  std::chrono::milliseconds pause{1};
  Identity seen;
  std::int64_t seen_change = 0;
  Clock::time_point since = Clock::now();
  for (;;) {
    if (::symlink(target.c_str(), lock_.c_str()) == 0) {
      const std::optional<Identity> mine = identity_of(lock_);
      if (!mine) continue;  // somebody took it for an old one
      inode_ = mine->inode;
      made_ = mine->made;
      return;
    }
    if (errno != EEXIST) throw IoError("cannot lock the journal by " + lock_.string(), errno);
    if (const std::optional<Identity> other = identity_of(lock_)) {
      const std::int64_t change = journal_changed(lock_);
      if (*other != seen || change != seen_change) {
        seen = *other;
        seen_change = change;
        since = Clock::now();
      } else if (Clock::now() - since > grace) {
        if (remove_lock(lock_, *other)) pause = std::chrono::milliseconds(1);
        seen = {};
        continue;
      }
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

JournalLock::~JournalLock() {
  remove_lock(lock_, {inode_, made_});
}

bool JournalLock::is_held() const {
  return identity_of(lock_) == Identity{inode_, made_};
}

}  // namespace moola::sweep
