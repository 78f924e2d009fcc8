#pragma once
#include "cluster/run/element_state.h"
#include "cluster/slurm/slurm_client.h"

namespace moola::cluster {

/// What Slurm says of a run's elements: its queue, and its accounting of what the queue has forgotten. Numbers of
/// submissions whose submitter was killed before it knew them are found by their comments and put down in `events`.
/// Never throws because Slurm does not answer: then the view says so.
PlaceView slurm_view(const JobRun& run, StepRecords& records, RunEvents& events, const SlurmClient& slurm);

/// The same from what was asked before; for tests.
PlaceView slurm_view(const RunEvents& events, const std::vector<SlurmTask>& tasks);

}  // namespace moola::cluster
