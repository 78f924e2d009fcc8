#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/utc_time.h"
#include "cluster/job/job_file.h"

namespace moola::cluster {

/// A job file that was submitted: WORKSPACE/artifacts/jobs/ID with
///
///     job.toml        the resolved job file
///     run.json        where it went, when, by which code
///     configs/        the configuration of each step as it was then
///     events.jsonl    what was submitted, cancelled and tried again (run_events.h)
///     state/STEP/     how the attempts of each element ended (step_record.h)
///     logs/           what they printed
///     scripts/        what the place was given to run
struct JobRun {
  std::filesystem::path folder = {};  // absolute
  JobFile job = {};
  std::string place = {};                // "slurm", "local"
  std::filesystem::path workspace = {};  // absolute: where its steps work
  std::filesystem::path program = {};    // the moola that submitted it, and runs its steps
  std::string code_version = {};         // its
  std::int64_t submitted = kNoTime;      // ns UTC

  std::string id() const { return folder.filename().string(); }
  /// When everything must be over; kNoTime: no budget of time.
  std::int64_t deadline() const;
};

/// It is there before a place starts anything: Slurm fails a job whose log can't be written, without a word.
std::filesystem::path log_folder(const std::filesystem::path& run_folder);
/// What an attempt of an element printed; `place_id` as its record has it.
std::filesystem::path log_file(const JobRun& run, const std::string& step, std::size_t element,
                               const std::string& place_id);

/// workspace/artifacts/jobs
std::filesystem::path job_runs_folder(const std::filesystem::path& workspace);

/// A new run's folder with all but its scripts, in the workspace or, where `folder` says one, there; the job's
/// configurations are resolved by the jobs themselves
/// (`--print-config`), which refuse what they can't run. Everything is on the disk when it returns. Throws ConfigError
/// with the job's own words and the step, IoError.
JobRun create_job_run(const std::filesystem::path& workspace, const JobFile& job, const std::string& place,
                      const std::filesystem::path& program, const std::filesystem::path& folder = {});

/// Throws ConfigError for a folder that holds no run, DataError for one whose files are none, IoError.
JobRun open_job_run(const std::filesystem::path& folder);

/// All runs of a workspace, the oldest first.
std::vector<std::filesystem::path> job_run_folders(const std::filesystem::path& workspace);

/// The run that a person means: its id, the beginning of one that no other shares, a job's name that one run alone has,
/// "latest", or the path of a run's folder. Throws ConfigError naming the candidates or the nearest.
std::filesystem::path find_job_run(const std::filesystem::path& workspace, const std::string& reference);

/// The configurations of all steps as their jobs resolve them, with the settings of the first element, by step; what a
/// job refuses is refused here. Each different call is made once, on all cores. Throws ConfigError.
std::vector<std::pair<std::string, std::string>> resolved_configs(const JobFile& job,
                                                                  const std::filesystem::path& workspace,
                                                                  const std::filesystem::path& program);

}  // namespace moola::cluster
