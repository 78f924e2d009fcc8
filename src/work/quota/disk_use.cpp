#include "work/quota/disk_use.h"

#include <fts.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "base/error.h"

namespace moola::work {
namespace {

DiskEntry entry_of(const struct stat& facts) {
  constexpr std::uint64_t kBlock = 512;  // POSIX counts so, whatever the file system's own blocks are
  return {
      .device = facts.st_dev, .number = facts.st_ino, .bytes = static_cast<std::uint64_t>(facts.st_blocks) * kBlock};
}

std::pair<std::uint64_t, std::uint64_t> key_of(const DiskEntry& entry) {
  return {entry.device, entry.number};
}

}  // namespace

std::vector<DiskEntry> disk_entry(const std::filesystem::path& file) {
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) == 0) return {entry_of(facts)};
  if (errno == ENOENT) return {};
  throw IoError("cannot look at " + file.string(), errno);
}

std::vector<DiskEntry> disk_entries(const std::filesystem::path& path) {
  std::vector<DiskEntry> out;
  std::string name = path.string();
  char* roots[] = {name.data(), nullptr};
  const auto close = [](FTS* tree) { ::fts_close(tree); };
  const std::unique_ptr<FTS, decltype(close)> tree(::fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr), close);
  if (!tree) throw IoError("cannot look at " + name, errno);
  errno = 0;
  while (const FTSENT* at = ::fts_read(tree.get())) {
    const bool failed = at->fts_info == FTS_DNR || at->fts_info == FTS_ERR || at->fts_info == FTS_NS;
    if (failed && at->fts_errno != ENOENT) throw IoError(std::string("cannot look at ") + at->fts_path, at->fts_errno);
    if (!failed && at->fts_info != FTS_DP) out.push_back(entry_of(*at->fts_statp));
    errno = 0;
  }
  if (errno != 0) throw IoError("cannot look at " + name, errno);
  return out;
}

void DiskUse::add(std::span<const DiskEntry> entries) {
  for (const DiskEntry& entry : entries) {
    Kept& kept = kept_[key_of(entry)];
    if (kept.names++ > 0) continue;
    kept.bytes = entry.bytes;
    bytes_ += entry.bytes;
  }
}

std::uint64_t DiskUse::remove(std::span<const DiskEntry> entries) {
  const std::uint64_t before = bytes_;
  for (const DiskEntry& entry : entries) {
    const auto at = kept_.find(key_of(entry));
    if (at == kept_.end() || --at->second.names > 0) continue;
    bytes_ -= at->second.bytes;
    kept_.erase(at);
  }
  return before - bytes_;
}

std::uint64_t DiskUse::freed_by(std::span<const DiskEntry> entries) const {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> gone;
  std::uint64_t out = 0;
  for (const DiskEntry& entry : entries) {
    const auto at = kept_.find(key_of(entry));
    if (at != kept_.end() && ++gone[key_of(entry)] == at->second.names) out += at->second.bytes;
  }
  return out;
}

}  // namespace moola::work
