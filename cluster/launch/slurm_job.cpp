#include "cluster/launch/slurm_job.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

#include "base/subprocess.h"

namespace moola::launch {
namespace {

// The first of the variables that begins with a number above 0; "16(x2)" is 16.
int number_in(std::initializer_list<const char*> variables) {
  for (const char* variable : variables) {
    const char* text = std::getenv(variable);
    if (const int number = text != nullptr ? std::atoi(text) : 0; number > 0) return number;
  }
  return 0;
}

}  // namespace

std::optional<SlurmJob> slurm_job() {
  if (std::getenv("SLURM_JOB_ID") == nullptr) return std::nullopt;
  SlurmJob job;
  job.nodes = std::max(1, number_in({"SLURM_JOB_NUM_NODES", "SLURM_NNODES"}));
  job.cpus_on_node = number_in({"SLURM_CPUS_ON_NODE", "SLURM_JOB_CPUS_PER_NODE"});
  job.gpus_on_node = number_in({"SLURM_GPUS_ON_NODE"});
  // A batch script has no step's number.
  job.inside_a_step = std::getenv("SLURM_STEP_ID") != nullptr;
  return job;
}

bool mpirun_reaches_all_nodes(const SlurmJob& job) {
  return job.nodes > 1 && !job.inside_a_step && find_program("srun").has_value();
}

}  // namespace moola::launch
