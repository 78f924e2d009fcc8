#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/run/job_run.h"
#include "cluster/run/run_status.h"
#include "cluster/run/wanted_elements.h"
#include "cluster/slurm/sbatch_script.h"
#include "cluster/slurm/slurm_client.h"

namespace moola::cluster {

/// Writes the scripts of all steps to RUN/scripts. Throws ConfigError, IoError.
std::vector<SbatchScript> write_sbatch_scripts(const JobRun& run, std::size_t max_array);

/// One call of sbatch.
struct SbatchCall {
  Submission submission = {};
  std::string script = {};                // its file's name
  std::vector<std::string> options = {};  // besides those of the script
};

/// What to call for `wanted`, each behind all that it waits for: `id_of` gives the place's number of an earlier call by
/// its comment. Elements that have run out of memory get more of it. Throws ConfigError for an element that comes after
/// one that has failed and is not wanted.
std::vector<SbatchCall> sbatch_calls(const JobRun& run, const RunEvents& events, const RunStatus& status,
                                     const WantedElements& wanted, const std::vector<SbatchScript>& scripts);

/// Asks Slurm whether it would take scripts, once for all that ask it for the same; by file name what it says. Throws
/// ConfigError in Slurm's words when it would not, unless the reason may pass: nodes that are down or reserved now.
std::map<std::string, std::string> test_scripts(const JobRun& run, const std::vector<SbatchScript>& scripts,
                                                const SlurmClient& slurm);

/// Hands `wanted` to Slurm, call by call; each is on the run's events before and after it is made, so that a submitter
/// that is killed submits nothing twice. Before the first of a run all scripts are tested. Returns how many elements
/// were submitted. Throws ConfigError with Slurm's words, IoError; what was submitted before stays.
std::size_t submit_to_slurm(const JobRun& run, RunEvents& events, const RunStatus& status, const WantedElements& wanted,
                            const SlurmClient& slurm,
                            const std::function<void(const SbatchCall&, const std::string& id)>& said = {});

}  // namespace moola::cluster
