#include "cluster/diagnose/log_pattern.h"

// The words of moola's own jobs, of Python and of what is written in it.
namespace moola::cluster {

void add_program_patterns(std::vector<LogPattern>& patterns) {
  using enum Cause;
  using enum Weight;
  patterns.insert(patterns.end(),
                  {
                      {diverged, cause, "^moola *: training diverged at step "},
                      {hung, cause, "^moola *: no rank has got on for "},
                      {lock_held, cause, "^moola *: another process holds the lock "},
                      {killed, outcome, "^moola *: rank *was killed by signal 9 "},
                      {segmentation_fault, outcome, "^moola *: rank *was killed by signal 11 "},
                      {bus_error, outcome, "^moola *: rank *was killed by signal 7 "},
                      {illegal_instruction, outcome, "^moola *: rank *was killed by signal 4 "},
                      {aborted, outcome, "^moola *: rank *was killed by signal 6 "},
                      {killed, outcome, "^moola *: rank *had ended without a word before"},
                      {rank_ended, outcome, "^moola *: rank *ended without a word "},
                      {rank_ended, outcome, "^moola *: * ended with * before any rank was up"},
                      {mpi_error, hint, "^moola *: MPI_*failed on rank "},
                      {nccl_error, hint, "^moola *: nccl*failed on rank "},
                      {moola_error, hint, "^moola *: *"},

                      {diverged, cause, "Loss is nan, stopping training"},
                      {diverged, cause, "The loss returned in `training_step` is nan or inf."},
                      {diverged, cause, "RuntimeError: Function '*' returned nan values in its "},
                      {python_package, cause, "ModuleNotFoundError: No module named '*'"},
                      {python_out_of_memory, cause, "^MemoryError$"},
                      {python_out_of_memory, cause, "^MemoryError: "},
                      {python_out_of_memory, cause, "^*MemoryError: Unable to allocate "},
                      {missing_file, cause, ": can't open file '*': [Errno 2] No such file or directory"},
                      {other_rank, consequence, "elastic.multiprocessing.errors.ChildFailedError"},
                      {other_rank, consequence, "^subprocess.CalledProcessError: Command "},
                      {other_rank, consequence, "torch.distributed.elastic.multiprocessing.api:failed (exitcode: "},
                      {other_rank, consequence, "Sending process * closing signal SIG"},
                      {lost_peer, consequence, "Connection closed by peer ["},
                      {lost_peer, consequence, "ConnectionResetError: [Errno 104] Connection reset by peer"},
                  });
}

}  // namespace moola::cluster
