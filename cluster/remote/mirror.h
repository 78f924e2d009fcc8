#pragma once
#include <filesystem>

#include "cluster/remote/remote_shell.h"
#include "cluster/run/job_run.h"

namespace moola::cluster {

/// What was seen of a run on another machine.
struct Mirrored {
  bool is_there = false;    // the machine has the run
  bool is_running = false;  // and a runner is at work on it
  // By the files of pod_start.sh, where that runs it:
  bool has_orders = false;  // that are still to be carried out
  bool has_ended = false;   // its submission is over
};

/// Brings the run's events, records and logs here as far as they have grown, and the metrics of what its steps work on
/// (see seen_runs). They only grow there; one that has shrunk is brought anew. Two callers at once: the second finds
/// nothing to do. Cost: two calls of ssh and what is new. Throws Unreachable, IoError.
Mirrored mirror_run(const RemoteShell& shell, const std::filesystem::path& root, const JobRun& run);

/// Where results of the run's steps are seen from here while it goes on, as far as `moola status` needs them: a folder
/// like artifacts/runs.
std::filesystem::path seen_runs(const std::filesystem::path& run_folder);

}  // namespace moola::cluster
