#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "base/utc_time.h"
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
  /// The place ends nothing by itself: the step's `time` counts from here.
  bool keep_time_limit = false;
  /// Nothing goes on beyond it, ns UTC: the job's budget of time. kNoTime: none.
  std::int64_t deadline = kNoTime;
  /// Of another place's choice, besides the step's own.
  Environment environment = {};
};

/// Where what an element runs leaves its note (base/step_note.h).
std::filesystem::path step_note(const std::filesystem::path& run_folder, const std::string& step, std::size_t element);

struct StepOutcome {
  int exit_code = 0;
  StepEnd end = StepEnd::succeeded;
  std::int64_t attempt = 1;
  bool again = false;                      // the step may be tried once more, by what it says of such ends
  std::vector<StepAttempt> attempts = {};  // all on record, this one with them
};

/// The step that is meant. Throws ConfigError with the nearest for one that is not in the job, and for an element that
/// it has not.
const JobStep& step_of(const JobFile& job, const StepRun& run);

/// Runs the element in the foreground, its output on this process's, and keeps on record when it began and how it
/// ended.
///
/// SIGTERM, SIGUSR2, SIGHUP and SIGINT reach it as SIGTERM: it writes a checkpoint and leaves with 85. After SIGUSR2
/// that is its time limit, unless that is far, after SIGTERM a preemption, or what the run's events say of its being
/// cancelled. An attempt on record that never ended was lost with its node, and counts so. An element that has
/// succeeded on record is not run again, nor one whose tries are used up. Nothing that it has started in its process
/// group outlives it. Throws ConfigError for a step or an element that is not in the job, IoError.
StepOutcome run_step(const JobFile& job, const StepRun& run);

/// Whether another attempt follows the last on record, by how often its submission's ended so: a place calls all
/// attempts of one submission the same.
bool may_try_again(const StepRetries& retries, const std::vector<StepAttempt>& attempts);

/// What another attempt gets of each node, more for each one that ran out of memory; empty: none has, and it gets what
/// its step says.
std::string memory_after(const JobStep& step, const std::vector<StepAttempt>& attempts);

/// Which end it was. `signal`: the last that was passed on, 0 for none; `memory_kills`: whether the system has killed
/// for want of memory meanwhile.
StepEnd end_of(int exit_code, int signal, bool memory_kills);

}  // namespace moola::cluster
