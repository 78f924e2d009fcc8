#pragma once
#include <string>
#include <vector>

namespace moola {

/// How many ranks a launcher's environment promises this process to be one of, and what says so.
struct LaunchedRanks {
  int ranks = 1;             // 0: a launcher is there, the number is not
  const char* said_by = "";  // the variable; empty: no launcher
};

/// MOOLA_RANKS, then OMPI_COMM_WORLD_SIZE, then a Slurm step of several tasks, then PMIX_RANK.
LaunchedRanks launched_ranks();

/// The number of this process among all that a launcher has started; 0 for the only one.
int launched_rank();

/// Which of the processes that a launcher has started on this host this one is.
struct LocalRank {
  int rank = 0, ranks = 1;
};

/// By Open MPI's variables or Slurm's; the only one where neither says.
LocalRank local_rank();

/// What the names of variables begin with by which launchers tell a process that it is a rank. A program that a rank
/// starts, and that is none, must not see them.
std::vector<std::string> rank_variables();

}  // namespace moola
