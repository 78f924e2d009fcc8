#pragma once
#include <cstddef>
#include <string>

#include "cluster/run/job_run.h"

namespace moola::cluster {

/// What an element of a step says of itself by the run of moola that it is, or was.
struct StepProgress {
  std::string run = {};    // in artifacts/runs; empty: it is none, or has not said so yet
  std::string study = {};  // of a sweep
  std::string words = {};  // "step 1200, loss 0.0123": the last of its metrics; empty: none yet
};

/// Cost: one small file, and the end of another where it is a run. Never throws because of what they hold.
StepProgress progress_of(const JobRun& run, const std::string& step, std::size_t element);

/// The line of a log that says why its program ended: the last that is none of ours; "" for an empty log.
std::string last_words(const std::filesystem::path& log);

}  // namespace moola::cluster
