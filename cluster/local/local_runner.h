#pragma once
#include <filesystem>
#include <functional>

#include "cluster/run/element_state.h"
#include "cluster/run/job_run.h"
#include "cluster/run/wanted_elements.h"

namespace moola::cluster {

/// Runs what of a run was submitted and is not over on this machine: each element by a `moola step` of its own, its
/// output in the run's logs; so many beside each other as [local] and the arrays allow, what failed again as often as
/// its step says, and what comes after it when it may. A stop signal reaches all that run; they write their checkpoints
/// and the runner leaves with 85. What is cancelled or submitted meanwhile is seen within a second. Returns 0 when all
/// of the run has succeeded, 1 otherwise. While another runner is at work on the run it waits for its end, for that may
/// not see any more what was submitted last; a third has nothing to do and returns 0. Throws IoError.
int run_locally(const std::filesystem::path& run_folder);

/// Does `work` as the run's one runner, as run_locally does its own: after another's end, and not at all (0) when
/// somebody waits for that already.
int as_the_runner(const std::filesystem::path& run_folder, const std::function<int()>& work);

/// Starts `moola step RUN` in the background, out of reach of this terminal: as a unit of the user's systemd where
/// there is one that outlives a logout, else as a process of its own. Returns when it is at work, and how, for people:
/// "process 4711". Throws IoError.
std::string start_local_runner(const JobRun& run);

/// Whether a runner is at work on it, or about to be.
bool is_run_locally(const JobRun& run);

/// What this machine says of a run's elements.
PlaceView local_view(const JobRun& run, StepRecords& records, const RunEvents& events);

/// Puts `wanted` on the run's events as one submission for each step, for a runner to find.
void submit_locally(const JobRun& run, RunEvents& events, const WantedElements& wanted);

}  // namespace moola::cluster
