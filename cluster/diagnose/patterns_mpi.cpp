#include "cluster/diagnose/log_pattern.h"

// The words of Open MPI 4 and 5: mpirun, its daemons, and the library in the ranks.
namespace moola::cluster {

void add_mpi_patterns(std::vector<LogPattern>& patterns) {
  using enum Cause;
  using enum Weight;
  patterns.insert(
      patterns.end(),
      {
          {mpi_no_pmix, cause, "but OMPI was not built with SLURM's PMI support and therefore cannot"},
          {mpi_no_pmix, cause, "OPAL ERROR: Unreachable in file ext3x_client.c"},
          {mpi_no_pmix, cause, "OPAL ERROR: Unreachable in file pmix"},
          {mpi_slots, cause, "There are not enough slots available in the system to satisfy the *"},
          {mpi_versions, cause, "Open MPI detected a mismatch in versions between two processes."},
          {mpi_versions, cause, "the launcher and the program use different MPI libraries"},
          {mpi_as_root, cause, " has detected an attempt to run as root."},
          {mpi_network, cause, "At least one pair of MPI processes are unable to reach each other for"},
          {mpi_network, cause, "WARNING: Open MPI failed to TCP connect to a peer MPI process."},
          {mpi_network, cause, "None of the TCP networks specified to be included for out-of-band communications"},
          {missing_program, cause, "^Executable: *"},
          {missing_file, cause, "^change to the specified working directory:"},

          {mpi_unreachable, outcome, "ORTE was unable to reliably start one or more daemons."},
          {mpi_unreachable, outcome, "PRTE has lost communication with a remote daemon."},
          {mpi_unreachable, outcome, "ORTE has lost communication with a remote daemon."},
          {mpi_unreachable, outcome, "An ORTE daemon has unexpectedly failed after launch and before"},
          {mpi_unreachable, outcome, "A daemon died unexpectedly with status "},
          {mpi_unreachable, outcome, "A daemon died unexpectedly on signal "},
          {mpi_unreachable, consequence, "ORTE does not know how to route a message to the specified daemon"},

          {lost_peer, consequence, "An MPI communication peer process has unexpectedly disconnected."},
          {lost_peer, consequence, "mca_btl_tcp_recv_blocking] recv(*) failed: Connection reset by peer"},
          {mpi_abort, consequence, "MPI_ABORT was invoked on rank * in communicator "},
          {rank_ended, consequence, "Primary job  terminated normally, but * process* returned"},
          {rank_ended, consequence, "detected that one or more processes exited with non-zero status"},
          {segmentation_fault, outcome, "] Signal: Segmentation fault (11)"},
          {bus_error, outcome, "] Signal: Bus error (7)"},
          {illegal_instruction, outcome, "] Signal: Illegal instruction (4)"},
          {aborted, outcome, "] Signal: Aborted (6)"},
          {killed, outcome, "noticed that process rank * with PID * on node * exited on signal 9 "},
          {segmentation_fault, outcome, "noticed that process rank * with PID * on node * exited on signal 11 "},
          {bus_error, outcome, "noticed that process rank * with PID * on node * exited on signal 7 "},
          {illegal_instruction, outcome, "noticed that process rank * with PID * on node * exited on signal 4 "},
          {aborted, outcome, "noticed that process rank * with PID * on node * exited on signal 6 "},
          {terminated, outcome, "noticed that process rank * with PID * on node * exited on signal 15 "},
          {mpi_error, outcome, "*** An error occurred in MPI_"},
          {mpi_error, outcome, "It looks like MPI_INIT failed for some reason"},
          {mpi_error, outcome, "It looks like orte_init failed for some reason"},
      });
}

}  // namespace moola::cluster
