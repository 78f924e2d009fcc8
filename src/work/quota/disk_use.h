#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace moola::work {

/// Something that takes room on a disk. Hard links are one: they agree in device and number.
struct DiskEntry {
  std::uint64_t device = 0, number = 0;
  std::uint64_t bytes = 0;  // allocated, as `du` counts
};

/// One file; links are not followed. Nothing where there is none (any more). Throws IoError.
std::vector<DiskEntry> disk_entry(const std::filesystem::path& file);

/// `path` and all that is below it; links are not followed. What vanishes meanwhile is left out. Throws IoError for a
/// folder that can't be read.
std::vector<DiskEntry> disk_entries(const std::filesystem::path& path);

/// The room that a set of entries takes together: what has several names among them counts once, and is free when the
/// last of these has gone.
class DiskUse {
 public:
  void add(std::span<const DiskEntry> entries);
  /// Takes names away; returns how much less room the rest takes. They must be there.
  std::uint64_t remove(std::span<const DiskEntry> entries);
  /// What `remove` would return.
  std::uint64_t freed_by(std::span<const DiskEntry> entries) const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Kept {
    std::uint64_t bytes = 0;
    std::size_t names = 0;
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, Kept> kept_;
  std::uint64_t bytes_ = 0;
};

}  // namespace moola::work
