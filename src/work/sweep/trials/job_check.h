#pragma once
#include <filesystem>

#include "sweep/space/space_toml.h"
#include "work/sweep/trials/trial_program.h"

namespace moola::work {

/// Asks the job of trials whether it takes the space's parameters: at both ends of their ranges where the constraints
/// allow it, and at points that have each conditional one, by its --print-config; nothing is computed. `folder`: the
/// study's. Throws ConfigError with what the job says. Costs a start of the job's program for each point, a tenth of a
/// second; returns at once for a program of one's own.
void check_job(const TrialProgram& program, const sweep::ConfiguredSpace& space, const std::filesystem::path& folder);

}  // namespace moola::work
