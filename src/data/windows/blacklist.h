#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace moola::data {

/// Bars of a series, both ends included.
struct RawRange {
  std::int64_t first, last;
  bool meets(const RawRange& other) const { return first <= other.last && other.first <= last; }
};

/// The window that a marked one was made of: ids such as 17_exp_1 and 17_exp_2 name the same base, "17"; any other id
/// is its own.
std::string base_of(const std::string& window_id);

/// Windows that nobody is to use again.
class Blacklist {
 public:
  struct Entry {
    std::string window_id;          // or empty
    std::optional<RawRange> range;  // where it lay
    std::string reason, date;       // or empty
  };
  Blacklist() = default;
  explicit Blacklist(std::vector<Entry> entries);

  const std::vector<Entry>& entries() const { return entries_; }
  /// Why a window is not to be used: it, or its base, is named, or it meets bars of one that is. Nothing when it may
  /// be. Cost O(log n) and the ranges that begin within the longest one.
  std::optional<std::string> against(const std::string& window_id, const std::optional<RawRange>& range) const;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> by_id_, by_base_;
  std::vector<RawRange> ranges_;  // sorted by first
  std::int64_t longest_ = 0;
};

/// Reads a CSV (or Parquet) with window_id, raw_start_idx and raw_end_idx, reason, blacklisted_date; of the first three
/// the id or both ends may be missing. Throws DataError that names the row, ConfigError, IoError.
Blacklist read_blacklist(const std::filesystem::path& file);

/// Writes it as it is read. Throws IoError.
void write_blacklist(const std::filesystem::path& file, const Blacklist& blacklist);

}  // namespace moola::data
