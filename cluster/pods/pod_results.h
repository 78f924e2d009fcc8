#pragma once
#include "cluster/run/job_run.h"
#include "cluster/runpod/client.h"

namespace moola::cluster {

/// Brings what the run's machine has here, and says so; one that has stopped is started for it, and ended afterwards.
/// Nothing happens when nothing is rented any more: what it had is here, or on the network volume. Throws ApiError,
/// Unreachable.
void bring_from_pods(const JobRun& run, runpod::Client& client);

}  // namespace moola::cluster
