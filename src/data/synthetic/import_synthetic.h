#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/synthetic/source_check.h"
#include "data/synthetic/synthetic_windows_file.h"

namespace moola::data {

struct SyntheticImport {
  std::string of = {};         // labeled_windows that they were made from: NAME/vN
  std::string name = {};       // empty: the file's, without its suffix
  int version = 0;             // 0: the next
  std::string generator = {};  // in words; empty: the file's name
  GeneratorFit fit = GeneratorFit::unknown;
  std::vector<FittedPart::Seen> seen = {};
  bool allow_different = false;  // take windows that differ from the real ones, marked
};

struct SyntheticImportResult {
  WrittenSynthetic written = {};
  SyntheticInfo info = {};
  std::uint64_t windows = 0;
  double ratio = 0;                                   // synthetic windows per real one
  std::map<std::string, std::uint64_t> classes = {};  // windows of each
  std::uint64_t relabelled = 0;                       // of another class than the row they were made from
  std::uint64_t compared_with = 0;                    // real windows
  NearSources near_sources = {};
  Resemblance resemblance = {};
  std::vector<std::string> ignored = {};  // parts of the file that were left out
};

/// Stores windows that a generator has made (.npz with X, y and source) as synthetic_cache. They are compared with the
/// real windows that begin between the first and the last that they were made from, or that the generator has seen;
/// all of them where there are no times. Memory: both sets once.
///
/// Throws ConfigError (no such set; times of a generator that is fitted on nothing; none where windows have no source),
/// DataError (windows, channels or classes unlike the real ones: what differs; a window that is not as it must be, by
/// window_checks.h; a copy of another row than it says, by source_check.h; distributions that differ, with the worst
/// figure, unless they are allowed to), IoError.
SyntheticImportResult import_synthetic(const std::filesystem::path& workspace, const std::filesystem::path& file,
                                       const SyntheticImport& options);

}  // namespace moola::data
