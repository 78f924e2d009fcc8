#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/diagnose/cause.h"

namespace moola::cluster {

/// How much a line says of why a step ended.
enum class Weight : std::uint8_t {
  cause,        // names what went wrong, in words that stand in no log of a success
  hint,         // goes wrong in many a log without harm: counts when the step failed and nothing else says more
  outcome,      // how a process ended, not why
  consequence,  // another process or rank went first
};

/// A line of some tool's, as it stands in its source.
struct LogPattern {
  Cause cause;
  Weight weight;
  /// Parts of the line in their order with '*' for what differs; what the stars stand for is told to the user as {1},
  /// {2} … in the cause's words. '^' before it: the line begins so, after the mark of its rank; '$' behind it: the line
  /// ends so.
  std::string_view text;
};

/// Whether `line` is of this pattern; what its stars stand for goes to `parts`, each as short as it can be.
bool matches(const LogPattern& pattern, std::string_view line, std::vector<std::string_view>& parts);

/// Without what srun --label, mpirun --tag-output and torchrun put before a rank's line.
std::string_view without_rank(std::string_view line);

/// All of them, in the order of their files.
const std::vector<LogPattern>& log_patterns();

// One for each patterns_*.cpp.
void add_system_patterns(std::vector<LogPattern>& patterns);
void add_slurm_patterns(std::vector<LogPattern>& patterns);
void add_mpi_patterns(std::vector<LogPattern>& patterns);
void add_gpu_patterns(std::vector<LogPattern>& patterns);
void add_program_patterns(std::vector<LogPattern>& patterns);

}  // namespace moola::cluster
