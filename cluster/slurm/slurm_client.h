#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/utc_time.h"

namespace moola::cluster {

/// A job, or an element of an array, as Slurm knows it.
struct SlurmTask {
  std::string id = {};                    // "123"; of an array the array's
  std::optional<std::size_t> index = {};  // the element, as Slurm counts them
  std::string state = {};                 // "PENDING", "RUNNING", "NODE_FAIL"
  std::string reason = {};                // why it waits; empty for "None"
  std::string comment = {};
  std::string host = {};
  std::string exit = {};         // "0:53"; empty where the source does not say
  std::int64_t start = kNoTime;  // ns UTC, also an estimate
};

/// Slurm's commands, as they are on this machine.
class SlurmClient {
 public:
  /// Throws ConfigError where there is no sbatch.
  SlurmClient();

  /// Elements that an array can have: Slurm's MaxArraySize less one. Throws IoError when Slurm does not answer.
  std::size_t max_array() const;

  /// Hands a script to Slurm; its number. Throws ConfigError with Slurm's own words when it is refused, IoError when
  /// Slurm does not answer.
  std::string submit(const std::vector<std::string>& options, const std::filesystem::path& script) const;
  /// Asks whether a script would be taken, without a place in the queue; when it would start, in Slurm's words. Throws
  /// like submit.
  std::string test(const std::filesystem::path& script) const;

  /// All jobs of this user that Slurm remembers, ended ones too; arrays by element. Throws IoError when Slurm does not
  /// answer.
  std::vector<SlurmTask> queue() const;
  /// What accounting says of jobs; nothing where there is no accounting.
  std::vector<SlurmTask> accounting(const std::vector<std::string>& ids) const;
  /// The exit of one that Slurm still remembers: "0:53"; empty where it does not.
  std::string exit_of(const std::string& id) const;

  /// "123", "123_4". Those that are over already are no error. Throws IoError.
  void cancel(const std::vector<std::string>& ids) const;
};

/// A line of squeue or sacct with fields between bars; for tests. `id` is "123", "123_4" or "123_[4-7,9%2]", which
/// gives several. `fields`: id, state, reason, start, host, comment.
std::vector<SlurmTask> read_squeue_line(const std::string& line);
std::optional<SlurmTask> read_sacct_line(const std::string& line);

}  // namespace moola::cluster
