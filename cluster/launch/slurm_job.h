#pragma once
#include <optional>
#include <string>

namespace moola::launch {

/// What Slurm says of the job that this process is in.
struct SlurmJob {
  int nodes = 1;
  /// Of one node; 0 where Slurm does not say (a shell of salloc on a login node).
  int cpus_on_node = 0, gpus_on_node = 0;
  /// This process is itself a task that srun started, and holds what a further step would wait for.
  bool inside_a_step = false;
};

/// From the variables that Slurm sets; none outside of a job.
std::optional<SlurmJob> slurm_job();

/// Whether mpirun can start ranks on all nodes of the job: it does so by srun, from a batch script. Otherwise it keeps
/// to this host.
bool mpirun_reaches_all_nodes(const SlurmJob& job);

}  // namespace moola::launch
