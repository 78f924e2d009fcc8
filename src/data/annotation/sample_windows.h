#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/annotation/window_strata.h"
#include "data/store/dataset_id.h"
#include "data/windows/window_runs.h"

namespace moola::data {

struct SampleRequest {
  DatasetId bars = {};
  WindowShape shape = {};
  std::vector<DaySession> sessions = usual_sessions();
  std::size_t per_cell = 25;  // windows of each session and half of its volatilities
  std::uint64_t seed = 17;
  std::string batch = {};  // ids are batch_BATCH_000, …; empty: seed17
  std::string inner = {};  // bars that may be marked, "30:75"; empty: usual_inner_bars
  std::filesystem::path blacklist = {};
  std::vector<DatasetId> labelled = {};  // labeled_windows that no drawn one may meet
  std::filesystem::path out = {};        // a folder
  Overwrite overwrite = Overwrite::no;
};

struct SampleResult {
  struct Cell {
    std::string session;
    bool high = false;
    std::uint64_t candidates = 0, drawn = 0;
  };
  std::filesystem::path csv, windows;
  std::string content_sha256;
  std::vector<Cell> cells;
  std::uint64_t drawn = 0, candidates = 0, excluded = 0;  // excluded: by blacklist and labelled windows
};

/// Draws windows of bars for annotators: as many from each cell (session of the first bar that may be marked x half of
/// the session's volatilities), spread within a cell over range and trend; none that meets another, a blacklisted
/// range, or a labelled window. The same request of the same bars draws the same windows. Writes OUT/windows.csv, with
/// empty columns for the annotator, and OUT/windows.h5.
///
/// Throws ConfigError (bad shape, files that exist, labelled windows that do not say where they lie), DataError,
/// IoError. Source: reference moola.md 1.5.
SampleResult sample_windows(const std::filesystem::path& workspace, const SampleRequest& request);

}  // namespace moola::data
