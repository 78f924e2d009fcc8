#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "cluster/run/job_run.h"

namespace moola::cluster {

struct SubmitOptions {
  CommonOptions common;
  std::filesystem::path file;
  std::vector<std::string> settings;  // key=value
  std::string to = "local", site;
  std::string run_id;  // of a run that may be there already; empty: a new one
  bool dry_run = false, wait = false, reference = false, make_template = false;
  std::filesystem::path out;  // of a dry run
};

/// What names a run, and what of it.
struct RunOptions {
  CommonOptions common;
  std::string run = "latest", step, elements;
};

struct StatusOptions {
  RunOptions which;
  bool all = false;     // every element
  bool watch = false;   // again and again, until the run is over
  bool digest = false;  // one screen: what ran, what failed and why
};

struct LogsOptions {
  RunOptions which;
  std::size_t lines = 0;  // 0: all
  bool follow = false;
};

struct RetryOptions {
  RunOptions which;
  bool fresh = false;
};

struct CollectOptions {
  RunOptions which;
  std::filesystem::path to;
};

/// `moola submit`: 0, or with `wait` as status_command says it of the run's end. Throws ConfigError for a job file that
/// the place can't run, IoError.
int submit_command(const SubmitOptions& options);
/// Returns when the run is over: 0, 1 when something of it has failed, 85 when this process is told to stop before.
int wait_for_run(const JobRun& run);
/// `moola status`: 0 while nothing has failed, 1 afterwards.
int status_command(const StatusOptions& options);
void logs_command(const LogsOptions& options);
void cancel_command(const RunOptions& options);
void diagnose_run_command(const RunOptions& options);
void retry_command(const RetryOptions& options);
void collect_command(const CollectOptions& options);

}  // namespace moola::cluster
