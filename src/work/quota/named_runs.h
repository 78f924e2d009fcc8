#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "record/run_list.h"

namespace moola::work {

/// What names a run, so that the run must stay as long as it does.
struct Namer {
  std::string what;  // "data set oof/x/v1", "trial 7, the best of study bowl"
  std::string run;   // its id, of a run that names another; else empty
};

/// By a run's id: what descends from it, names it as its model, or was made by it.
using NamedRuns = std::map<std::string, std::vector<Namer>>;

/// Looks through what a workspace holds:
/// - runs: their parents, and their data, by a run's id or by the hash of an encoder that a run has published;
/// - data sets: what their manifests and the circumstances beside them name, in the same two ways;
/// - job runs: run ids anywhere in their files, of which the first and the last 4 MB are read;
/// - studies: runs of their best trial, or of those that no other dominates. Of a study whose journal can't be read
/// every
///   trial counts.
/// Cost: every manifest, every data set opened, every journal read. Throws IoError.
NamedRuns named_runs(const std::filesystem::path& workspace, const record::RunList& runs);

/// Ids of `known` that stand in `text`, each once.
std::vector<std::string> run_ids_in(std::string_view text,
                                    const std::map<std::string, const record::RunSummary*>& known);

}  // namespace moola::work
