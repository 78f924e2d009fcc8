#pragma once
#include <cstddef>
#include <filesystem>
#include <string>

namespace moola::cluster {

struct StepOptions {
  std::filesystem::path run;  // its folder
  std::string step;
  std::size_t element = 0;
  std::string attempt_of;  // what the place calls it; empty: Slurm's name, or "by-hand"
};

/// `moola step`: one element of a step, here and now, in the foreground; what the scripts of all places call. In Slurm
/// it puts its job back into the queue when the step is to be tried again. Returns the exit code of the step.
int step_command(const StepOptions& options);

}  // namespace moola::cluster
