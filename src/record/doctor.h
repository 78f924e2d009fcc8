#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::record {

/// One thing that moola doctor looked at.
struct Finding {
  enum class Level {
    fine,
    note,     // not there, and not needed for what this machine does
    warning,  // something will not work or be slow
    broken,   // nothing can run
  };
  std::string topic;  // "MPI"
  Level level = Level::fine;
  std::string found;   // what there is, in one line
  std::string advice;  // what to do about it; empty when there is nothing to do
  Json details = Json::object();
};

std::string to_string(Finding::Level level);

/// Looks at this machine as a job would meet it: processor, memory, disk and rights of the workspace, MPI, Slurm, GPUs
/// and NCCL, the libraries that the programs beside `programs` really load, gnuplot, Python. Starts a few programs
/// (mpirun --version, ldd); takes well under a second. Throws nothing for what is missing.
std::vector<Finding> examine(const std::filesystem::path& workspace, const std::filesystem::path& programs);

}  // namespace moola::record
