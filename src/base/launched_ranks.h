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

/// What the names of variables begin with by which launchers tell a process that it is a rank. A program that a rank
/// starts, and that is none, must not see them.
std::vector<std::string> rank_variables();

}  // namespace moola
