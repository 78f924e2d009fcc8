#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/utc_time.h"

// What became of each element of a step, written by whatever runs it, where it runs.
namespace moola::cluster {

/// What ended an attempt.
enum class StepEnd {
  succeeded,
  gate_not_met,
  time_limit,
  preempted,
  node_failure,
  out_of_memory,
  refused,
  error,
  cancelled,
  over_budget  // the job's time is spent
};
std::string_view name_of(StepEnd end);

struct StepAttempt {
  std::int64_t number = 1;  // from 1
  std::int64_t begun = kNoTime, ended = kNoTime;
  std::string host = {};
  std::string place_id = {};  // what the place calls it: Slurm's job, a pod
  int exit_code = 0;
  std::optional<StepEnd> end = {};  // none: it runs, or was lost without a word
};

bool has_succeeded(const std::vector<StepAttempt>& attempts);

/// Of one element. Times are nanoseconds UTC.
class StepRecord {
 public:
  /// `element`: 0 for a step that is no array.
  StepRecord(const std::filesystem::path& run_folder, const std::string& step, std::size_t element);

  /// In their order. Throws DataError for a record that is none, IoError.
  std::vector<StepAttempt> attempts() const;

  /// Durable when they return. Throw IoError.
  void begin(const StepAttempt& attempt) const;
  void end(const StepAttempt& attempt) const;

  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
};

/// The records of a run's elements, for whoever looks at many of them, or often. That of an element that has succeeded
/// is read once, for it is never done again; the others are read anew each time.
class StepRecords {
 public:
  explicit StepRecords(std::filesystem::path run_folder) : run_folder_(std::move(run_folder)) {}

  /// Valid until the next call. Throws as StepRecord::attempts.
  const std::vector<StepAttempt>& of(const std::string& step, std::size_t element);

 private:
  std::filesystem::path run_folder_;
  std::map<std::pair<std::string, std::size_t>, std::vector<StepAttempt>> read_;
};

}  // namespace moola::cluster
