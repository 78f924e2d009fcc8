#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/job/job_file.h"

namespace moola::cluster {

/// Where a submission is and what of the site its scripts must know.
struct SbatchContext {
  std::string run = {};                // the submission's id
  std::filesystem::path folder = {};   // of the run, absolute, on a file system that the nodes share
  std::filesystem::path program = {};  // moola, absolute, there
  std::size_t max_array = 1000;        // elements that Slurm takes at a time: its MaxArraySize less one
};

/// One script for sbatch; a step whose array is larger than Slurm takes has several.
struct SbatchScript {
  std::string step = {};
  std::string file_name = {};  // "pretrain.sbatch", "pretrain.2.sbatch"
  std::size_t first = 0;       // the element that its array begins with
  std::size_t count = 1;       // elements
  std::string text = {};
};

/// The scripts of a step, short enough to read: what is asked of Slurm, modules, what the node has, and one call of
/// `moola step`, which finds everything else in the run's folder. They can be handed to sbatch as they are. Throws
/// ConfigError for a step that does not say its memory, for Slurm would give it a whole node's.
std::vector<SbatchScript> sbatch_scripts(const JobFile& job, const JobStep& step, const SbatchContext& place);

/// What Slurm knows a script by: "moola:RUN:STEP:FIRST". A submission of it adds its number.
std::string slurm_comment(const std::string& run, const std::string& step, std::size_t first);

}  // namespace moola::cluster
