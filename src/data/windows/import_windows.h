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
  std::string name = {};                   // empty: the file's, without its suffix
  int version = 0;                         // 0: the next
  std::vector<std::string> channels = {};  // names; empty: the file's, else open, high, low, close if windows look like
                                           // it or have expansions, else channel_0, …
  NotFinite not_finite = NotFinite::refuse;
  bool drop_invalid = false;              // leave windows out that anything is wrong with, instead of refusing
  std::uint64_t length = 0;               // bars that a window must have; 0: as they come
  std::string inner = {};                 // "30:75": bars that may be marked; empty: usual_inner_bars
  std::vector<std::string> classes = {};  // all there may be, in order; empty: those there are, as they sort
  std::filesystem::path blacklist = {};   // empty: none
};

struct WindowImportResult {
  DatasetId id;
  std::filesystem::path file;
  std::string content_sha256;
  std::uint64_t windows = 0, length = 0;
  std::vector<std::string> channels, features, label_names;         // label_names empty: unlabelled
  std::map<std::string, std::uint64_t> classes;                     // windows of each
  std::map<std::string, std::uint64_t> dropped;                     // by cause
  std::map<std::string, std::vector<std::string>> dropped_windows;  // their ids, or numbers, by cause
  std::vector<std::vector<std::string>> conflicts;  // "17_exp_1: up": windows of the same bars with different labels
  std::vector<std::string> ignored;                 // parts of the file that were left out
  std::vector<std::string> notes;
};

/// Stores somebody's windows (.npy, .npz, .parquet, .ts, a folder of arrays) as labeled_windows when each has a class,
/// else as unlabeled_windows. A window that is not as it must be (window_checks.h) refuses the file, with counts and
/// the first case of each cause, or is left out; one that the blacklist is against is always left out. Memory: the
/// windows once, as floats. Throws ConfigError, DataError (what is wrong, in which window, bar and channel), IoError.
WindowImportResult import_windows(const std::filesystem::path& workspace, const std::filesystem::path& file,
                                  const WindowImport& options);

}  // namespace moola::data
