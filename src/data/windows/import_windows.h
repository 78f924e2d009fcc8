#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/store/dataset_id.h"
#include "data/windows/window_table.h"

namespace moola::data {

/// What becomes of windows that hold something that is no finite number.
enum class NotFinite { refuse, drop };

struct WindowImport {
  std::string name;  // empty: the file's, without its suffix
  int version = 0;   // 0: the next
  std::vector<std::string>
      channels;  // names; empty: the file's, else open, high, low, close if they look like it, else channel_0, …
  NotFinite not_finite = NotFinite::refuse;
};

struct WindowImportResult {
  DatasetId id;
  std::filesystem::path file;
  std::string content_sha256;
  std::uint64_t windows = 0, length = 0;
  std::vector<std::string> channels, label_names;  // label_names empty: unlabelled
  std::map<std::string, std::uint64_t> dropped;    // by cause
  std::vector<std::string> ignored;                // parts of the file that were left out
};

/// Stores somebody's windows (.npy, .npz, .parquet, .ts) as labeled_windows when each has a class, else as
/// unlabeled_windows. Memory: the windows once, as floats. Throws ConfigError, DataError (what is wrong, in which
/// window, bar and channel), IoError.
WindowImportResult import_windows(const std::filesystem::path& workspace, const std::filesystem::path& file,
                                  const WindowImport& options);

}  // namespace moola::data
