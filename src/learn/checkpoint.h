#pragma once
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "models/parameters.h"

namespace moola::learn {

/// Everything a training needs to go on as if it had never stopped. Order, masks and dropout are keyed by the step, so
/// nothing else is.
struct Checkpoint {
  std::int64_t step = 0;                                   // steps done
  std::vector<float> values, first_moment, second_moment;  // (P) each
  std::vector<float> best_values;                          // (P), or empty before the first evaluation
  double best_loss = std::numeric_limits<double>::infinity();
  std::int64_t best_step = -1;
  std::int64_t stale_evaluations = 0;  // since the best
  std::int64_t evaluated_step = -1;    // of the last evaluation
  std::int64_t metrics_bytes = 0;      // length of metrics.jsonl at this point
  std::vector<double> pending;         // sums of the steps since the last line of metrics
  /// What the state belongs to ("data", "config"): compared before it is used.
  std::map<std::string, std::string> belongs_to;
};

/// Writes `folder`/step-NNNNNNNN.safetensors: whole or not at all. The same state gives the same bytes. Throws IoError.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                      const models::Parameters& parameters);

/// Throws DataError when the file is damaged or was written for other parameters.
Checkpoint read_checkpoint(const std::filesystem::path& path, const models::Parameters& parameters);

/// The checkpoint with the highest step; none in a folder that is empty or not there.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& folder);

/// The newest checkpoint whose bytes are what was written. Damaged ones are put aside (`.damaged`) with a warning while
/// there is an older one; throws DataError when the last is damaged too. Reads what it returns. For one rank.
std::optional<std::filesystem::path> newest_sound_checkpoint(const std::filesystem::path& folder);

/// Deletes all but the newest `keep` checkpoints.
void prune_checkpoints(const std::filesystem::path& folder, std::int64_t keep);

/// Writes checkpoints in a thread of its own, so that training waits for a copy of the state only.
class CheckpointWriter {
 public:
  CheckpointWriter(std::filesystem::path folder, const models::Parameters& parameters, std::int64_t keep);
  /// Waits for what is being written; an error at this point is lost, so call `wait` first.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Hands over a state; waits while two are already on the way. Throws what the writing of an earlier one threw.
  void write(Checkpoint checkpoint);
  /// Returns when everything handed over is on disk. Throws what the writing threw.
  void wait();
  /// How many were written, and how long the thread was busy with them. After `wait`.
  std::int64_t written() const { return written_; }
  double seconds_busy() const { return seconds_busy_; }

 private:
  std::filesystem::path folder_;
  const models::Parameters& parameters_;
  std::int64_t keep_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Checkpoint> next_;
  bool busy_ = false, ending_ = false;
  std::int64_t written_ = 0;
  double seconds_busy_ = 0;
  std::exception_ptr error_;
  std::thread thread_;

  void loop();
  void rethrow();
};

}  // namespace moola::learn
