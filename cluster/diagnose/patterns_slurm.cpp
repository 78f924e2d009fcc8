#include "cluster/diagnose/log_pattern.h"

// The words of Slurm 17 to 25: slurmstepd, srun, sbatch, and its cgroup plug-ins.
namespace moola::cluster {

void add_slurm_patterns(std::vector<LogPattern>& patterns) {
  using enum Cause;
  using enum Weight;
  patterns.insert(patterns.end(),
                  {
                      {time_limit, cause, "CANCELLED AT * DUE TO TIME LIMIT ***"},
                      {preempted, cause, "CANCELLED AT * DUE TO PREEMPTION ***"},
                      {node_failure, cause, "CANCELLED AT * DUE TO NODE FAILURE"},
                      {requeued, cause, "CANCELLED AT * DUE TO JOB REQUEUE ***"},
                      {node_failure, cause, "UNCORRECTABLE MEMORY ERROR AT "},
                      {node_failure, cause, "STEPD TERMINATED ON * DUE TO JOB NOT ENDING WITH SIGNALS"},
                      {node_failure, cause, "srun: error: Node failure on *"},
                      {cancelled, outcome, "*** JOB * ON * CANCELLED AT "},
                      {other_rank, consequence, "*** STEP * ON * CANCELLED AT "},

                      {host_out_of_memory, cause, "error: Detected * oom-kill event"},
                      {host_out_of_memory, cause, "error: Detected * oom_kill event"},
                      {host_out_of_memory, cause, "exceeded memory limit (* > *), being killed"},
                      {host_out_of_memory, cause, "error: Exceeded job memory limit"},
                      {host_out_of_memory, cause, "error: Exceeded step memory limit"},
                      {host_out_of_memory, cause, "srun: error: *: task*: Out Of Memory"},
                      {host_out_of_memory, hint, "hit memory limit at least once during execution"},
                      {host_out_of_memory, hint, "hit memory+swap limit at least once during execution"},
                      {killed, outcome, "srun: error: *: task*: Killed"},
                      {segmentation_fault, outcome, "srun: error: *: task*: Segmentation fault"},
                      {bus_error, outcome, "srun: error: *: task*: Bus error"},
                      {illegal_instruction, outcome, "srun: error: *: task*: Illegal instruction"},
                      {aborted, outcome, "srun: error: *: task*: Aborted"},
                      {other_rank, consequence, "srun: error: *: task*: Terminated"},
                      {rank_ended, consequence, "srun: error: *: task*: Exited with exit code "},
                      {other_rank, consequence, "srun: Job step aborted: Waiting up to "},
                      {other_rank, consequence, "srun: Terminating "},
                      {other_rank, consequence, "srun: forcing job termination"},

                      {mpi_no_pmix, cause, "error: Invalid MPI type '*', --mpi=list for acceptable types"},
                      {mpi_no_pmix, cause, "specified plugin name for mpi/*"},
                      {mpi_no_pmix, cause, "cannot find mpi plugin for mpi/*"},
                      {mpi_no_pmix, cause, "pmi/pmix: can not load PMIx library"},
                      {mpi_no_pmix, cause, "pmi/pmix: incorrect PMIx library version loaded "},
                      {step_resources, cause, "srun: error: Unable to create step for job *: *"},
                      {slurm_refused, cause, "srun: error: Unable to allocate resources: *"},
                      {slurm_refused, cause, "sbatch: error: Batch job submission failed: *"},
                      {slurm_unreachable, cause, "Unable to contact slurm controller (*)"},
                      {munge, cause, "error: Munge encode failed: *"},
                      {munge, cause, "error: Munge decode failed: *"},
                      {munge, cause, "error: *Protocol authentication error*"},
                      {no_log_folder, cause, "error: Could not open stdout file *"},
                      {missing_program, cause, "error: execve(): *: No such file or directory"},
                      {permission, cause, "error: execve(): *: Permission denied"},
                      {wrong_architecture, cause, "error: execve(): *: Exec format error"},
                      {missing_file, hint, "error: couldn't chdir to `*': *: going to /tmp instead"},
                  });
}

}  // namespace moola::cluster
