#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/store/dataset_id.h"
#include "data/windows/window_runs.h"

namespace moola::data {

/// A view that was cut, or found to be there already.
struct CutResult {
  DatasetId id;
  std::filesystem::path file;
  std::string content_sha256;
  std::int64_t windows = 0, runs = 0;
  bool existed = false;
};

/// Writes the view of every valid window of these bars, as unlabeled_windows/NAME/vN. `name` empty: the symbols' names
/// joined with '+'. `version` 0: a version of that name that has this very content already, the newest of them; else
/// the next free number. Cost: stamps and flags are read once, 9 bytes a bar; memory O(runs). Throws ConfigError (an
/// impossible shape, the same bars twice, a version that exists), DataError (no window fits: says how long the longest
/// stretch is), IoError.
CutResult cut_windows(const std::filesystem::path& workspace, std::span<const DatasetId> bars, const WindowShape& shape,
                      std::string name = {}, int version = 0);

/// "roll", "session", both with a comma between, or "none" to flags of market::BarFlag. Throws ConfigError.
std::uint8_t parse_break_flags(std::string_view text);
std::string break_flags_text(std::uint8_t flags);

}  // namespace moola::data
