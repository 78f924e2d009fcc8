#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/manifest.h"

namespace moola::record {

/// workspace/artifacts/runs
std::filesystem::path runs_folder(const std::filesystem::path& workspace);

/// What a list of runs shows of one.
struct RunSummary {
  std::filesystem::path path;
  Manifest manifest;
  /// A state's name, or "interrupted": the manifest says running, but no process holds the run's lock.
  std::string state;
  std::int64_t started = 0;  // nanoseconds UTC, of the first session
  double seconds = 0;      // worked, over all sessions; a live one counts up to now, a killed one to what it last wrote
  std::int64_t step = -1;  // of the last event in metrics.jsonl; -1: none
  /// Every number among the manifest's metrics and timings, nested names joined by dots: "holdout_loss",
  /// "baselines.window_mean".
  std::map<std::string, double> numbers;
};

/// A folder among the runs that can't be read as one.
struct BrokenRun {
  std::filesystem::path path;
  std::string problem;
};

struct RunList {
  std::vector<RunSummary> runs;  // oldest first
  std::vector<BrokenRun> broken;
};

/// Reads all runs of a workspace; one without runs has none. Never throws because of what a single folder holds.
/// Cost: one small file and the end of another per run (about 0.1 ms each once cached).
RunList list_runs(const std::filesystem::path& workspace);

/// One run, as list_runs reads it. Throws IoError, DataError.
RunSummary summarize(const std::filesystem::path& run);

/// When anything in a run's folder was last written by the process at work, in nanoseconds UTC; 0 when nothing was.
std::int64_t last_written(const std::filesystem::path& run);

/// The folder of the run a person means: its id, the beginning of one that no other run shares, the name of a single
/// run, "latest" (the newest), or a path to a run's folder. Throws ConfigError naming the candidates or the nearest id.
std::filesystem::path find_run(const std::filesystem::path& workspace, const std::string& reference);

/// The numbers of a nested JSON object under dotted names; everything else is left out.
std::map<std::string, double> numbers_of(const Json& json);

}  // namespace moola::record
