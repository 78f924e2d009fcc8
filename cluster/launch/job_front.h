#pragma once
#include <filesystem>
#include <string>

namespace moola::launch {

/// A job that trains, as its front has understood it from the command line.
struct JobCall {
  std::string name;  // "pretrain": the ranks are moola-pretrain-rank beside this program
  int ranks = 0;     // 0: as many as suit
  std::string device = "auto";
  int leaves = 1;  // micro-batches of a step: more ranks than these would have nothing to do
  std::filesystem::path workspace;
};

/// Starts the job's ranks with this program's own arguments and waits for them; or, where mpirun or srun has started
/// this program as a rank, becomes that rank. Returns the exit code. Throws ConfigError (no place for so many ranks,
/// program missing), IoError.
int run_job_front(const JobCall& call, int argc, char** argv);

}  // namespace moola::launch
