#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

// What a shared file system must do for runs, locks and journals, tried in a folder of its own.
namespace moola::cluster {

struct DiskSpeed {
  double write = 0, read = 0;  // bytes a second; 0: not measured
  double fsync_seconds = 0;    // one small file: written, made durable, renamed; the median
  bool direct = false;         // past the page cache
  std::uint64_t bytes = 0;     // that were written
};

/// Writes for `seconds` at the most, 256 MB at the most, and reads them. Throws IoError.
DiskSpeed measure_disk(const std::filesystem::path& folder, double seconds);

/// Each: whether it holds between two processes; why not is in the text.
struct DiskTrial {
  bool holds = false;
  std::string why_not = {};
};
DiskTrial try_flock(const std::filesystem::path& folder);
DiskTrial try_record_lock(const std::filesystem::path& folder);  // fcntl
DiskTrial try_exclusive_create(const std::filesystem::path& folder);
DiskTrial try_hard_link(const std::filesystem::path& folder);
DiskTrial try_rename_over_open_file(const std::filesystem::path& folder);

/// How far the file server's clock is ahead of this one, in seconds. Throws IoError.
double server_clock_ahead(const std::filesystem::path& folder);

}  // namespace moola::cluster
