#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/remote/remote_shell.h"
#include "cluster/run/job_run.h"

namespace moola::cluster {

struct FetchedResults {
  std::uint64_t files = 0, bytes = 0;  // that were not here
  std::vector<std::string> kept;       // paths in the workspace that are others here, and were left as they are
};

/// Brings here what the run's steps have made or changed in that machine's workspace, but for the records of jobs.
/// What is here with the same size and time, or the same content, is not brought again; a file here that is another
/// one is replaced only when an earlier call has brought it. Each file appears whole or not at all. Throws Unreachable,
/// Error in that machine's words, IoError.
FetchedResults fetch_results(const RemoteShell& shell, const std::filesystem::path& root, const JobRun& run);

/// On standard error.
void say_what_was_brought(const FetchedResults& results);

}  // namespace moola::cluster
