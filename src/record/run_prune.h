#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "record/run_list.h"

namespace moola::record {

/// What the folder of a run that is being deleted is called meanwhile begins with.
inline constexpr const char* kPrunedRun = ".pruned-";

enum class Direction { lowest, highest };

/// Which way a metric is better, by its name: losses, errors, durations and the like are better low, everything else
/// high.
Direction better(const std::string& metric);

/// The finished runs that have `metric` as a finite number, the best first; of equals the newer first.
/// Throws ConfigError naming the nearest metric when no finished run has it.
std::vector<RunSummary> ranked(std::vector<RunSummary> runs, const std::string& metric, Direction direction);

/// What pruning would delete, or deleted.
struct PrunedRun {
  std::filesystem::path path;
  std::string state;
  std::uint64_t bytes = 0;
};

struct PrunePlan {
  std::vector<PrunedRun> remove;
  std::vector<std::string> kept_because;  // one line for every run that is old enough to go and stays
};

/// Of the runs of each job and name all but the newest `keep`, as far as nothing speaks against it: a run at work, an
/// unfinished one that the same command would continue (unless `unfinished`), and a run that a run which stays names as
/// its parent are kept. What is no run is never touched. `keep` ≥ 1.
PrunePlan plan_prune(const RunList& list, std::size_t keep, bool unfinished);

/// Deletes what the plan says. Each folder is renamed out of the list first, so that a killed process leaves no half of
/// a run; such leftovers of earlier calls are deleted as well. A run that has begun to work since is left alone. Throws
/// IoError.
void prune(const std::filesystem::path& workspace, const PrunePlan& plan);

}  // namespace moola::record
