#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "cluster/job/job_file.h"
#include "cluster/run/step_record.h"

namespace moola::cluster {

/// In a run's folder.
inline constexpr const char* kJobFile = "job.toml";

/// One element of one step, to be run here and now.
struct StepRun {
  std::filesystem::path folder;     // of the run: WORKSPACE/artifacts/jobs/RUN
  std::filesystem::path workspace;  // where the step works
  std::filesystem::path program;    // moola
  std::string step;
  std::size_t element = 0;
  std::string host, place_id;  // for the record
};

struct StepOutcome {
  int exit_code = 0;
  StepEnd end = StepEnd::succeeded;
  std::int64_t attempt = 1;
  bool again = false;  // the step may be tried once more, by what it says of such ends
};

/// Runs the element in the foreground, its output on this process's, and keeps on record when it began and how it
/// ended.
///
/// SIGTERM, SIGUSR2, SIGHUP and SIGINT reach it as SIGTERM: it writes a checkpoint and leaves with 85. After SIGUSR2
/// that is its time limit, after SIGTERM a preemption. An element that has succeeded on record is not run again. Throws
/// ConfigError for a step or an element that is not in the job, IoError.
StepOutcome run_step(const JobFile& job, const StepRun& run);

/// Whether another attempt follows one that ended so, after all that are on record.
bool may_try_again(const StepRetries& retries, const std::vector<StepAttempt>& attempts);

/// Which end it was. `signal`: the last that was passed on, 0 for none; `memory_kills`: whether the system has killed
/// for want of memory meanwhile.
StepEnd end_of(int exit_code, int signal, bool memory_kills);

}  // namespace moola::cluster
